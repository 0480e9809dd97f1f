import { relative } from "node:path";
import type { SourceFile } from "../code/source-file.ts";
import type { CheckedProject } from "../project.ts";
import type { Rule } from "../rule.ts";

/** Each task has an id of its own. */
export const duplicateId: Rule = {
  name: "duplicate-id",
  severity: "error",
  asks: "Each task has an id of its own, in the whole project.",
  why: "A run names its task by the id. With two of one id nobody could say which code to execute, so the project does not start.",
  wrong: `import { task } from "@pawl/sdk";

const retry = { maxAttempts: 3 };

export const sendMail = task({ id: "mail.welcome.send", retry, run: async () => "welcome" });
export const sendReminder = task({ id: "mail.welcome.send", retry, run: async () => "remember" });
`,
  right: `import { task } from "@pawl/sdk";

const retry = { maxAttempts: 3 };

export const sendMail = task({ id: "mail.welcome.send", retry, run: async () => "welcome" });
export const sendReminder = task({ id: "mail.reminder.send", retry, run: async () => "remember" });
`,
  check(file, project) {
    return project.tasksOf(file).flatMap(({ id }) => {
      if (id === null) return [];
      const first = firstWith(project, id.text);
      if (first === null || first.node === id.node) return [];
      const line = first.file.text.slice(0, first.node.start).split(/\r\n|\r|\n/).length;
      const place = first.file === file ? `in line ${line}` : `in ${shown(file, first.file)}:${line}`;
      return [
        {
          at: id.node,
          message: `The id "${id.text}" belongs to another task already, ${place}.`,
          advice: "Give one of them another id.",
        },
      ];
    });
  },
};

function firstWith({ files, tasksOf }: CheckedProject, text: string) {
  for (const file of files) {
    for (const { id } of tasksOf(file)) if (id?.text === text) return { file, node: id.node };
  }
  return null;
}

/** The other file as one would import it. */
function shown(from: SourceFile, to: SourceFile): string {
  const path = relative(`${from.path}/..`, to.path).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}
