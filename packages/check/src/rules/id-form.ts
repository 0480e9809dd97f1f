import type { Rule } from "../rule.ts";

const form = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*){2,}$/;

/** Ids have one form. */
export const idForm: Rule = {
  name: "id-form",
  severity: "hint",
  asks: "Ids have the form `domain.action.target`: three parts in lower case, from the general to the particular.",
  why: "Ids are what you see in lists, filters and logs. With one form they sort by what they belong to, and no two teams take the same one by chance.",
  allows:
    "More than three parts, and the order of the last two: `mail.send.welcome` is as good as `mail.welcome.send`.",
  wrong: `import { task } from "@pawl/sdk";

export const sendMail = task({
  id: "sendWelcomeMail",
  retry: { maxAttempts: 5 },
  run: async ({ to }: { to: string }) => \`sent to \${to}\`,
});
`,
  right: `import { task } from "@pawl/sdk";

export const sendMail = task({
  id: "mail.send.welcome",
  retry: { maxAttempts: 5 },
  run: async ({ to }: { to: string }) => \`sent to \${to}\`,
});
`,
  check: (file, { tasksOf }) =>
    tasksOf(file).flatMap(({ id }) => {
      if (id === null || form.test(id.text)) return [];
      return [
        {
          at: id.node,
          message: `The id "${id.text}" does not have the form domain.action.target.`,
          advice: "Name it by what it belongs to, what it does, and to what, such as mail.send.welcome.",
        },
      ];
    }),
};
