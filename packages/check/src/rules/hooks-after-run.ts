import type { Node } from "oxc-parser";
import { type FunctionNode, isFunction } from "../code/scopes.ts";
import { keyOf, resolved } from "../code/syntax.ts";
import type { Rule } from "../rule.ts";

const hookNames: ReadonlySet<string> = new Set([
  "init",
  "onStart",
  "onStartAttempt",
  "onSuccess",
  "onFailure",
  "onComplete",
  "cleanup",
  "onWait",
  "onResume",
  "onCancel",
  "catchError",
  "handleError",
]);

/** Hooks take their types from `run`. */
export const hooksAfterRun: Rule = {
  name: "hooks-after-run",
  severity: "hint",
  asks: "Hooks with parameters stand after `run`.",
  why: "TypeScript reads the options from top to bottom and takes the type of the payload from the first function that needs one. A hook that stands before `run` makes the payload `void`, so that `run` does not compile.",
  allows:
    "`middleware`, hooks without parameters, hooks whose parameters have types, a `run` all of whose parameters have types, and tasks with a schema.",
  wrong: `import { logger, task } from "@pawl/sdk";

export const sendMail = task({
  id: "mail.welcome.send",
  retry: { maxAttempts: 5 },
  onFailure: async ({ error }) => logger.error("No mail", { error }),
  run: async ({ to }: { to: string }, { ctx }) => \`\${ctx.run.id} sent to \${to}\`,
});
`,
  right: `import { logger, task } from "@pawl/sdk";

export const sendMail = task({
  id: "mail.welcome.send",
  retry: { maxAttempts: 5 },
  run: async ({ to }: { to: string }, { ctx }) => \`\${ctx.run.id} sent to \${to}\`,
  onFailure: async ({ error }) => logger.error("No mail", { error }),
});
`,
  check(file, { tasksOf }) {
    if (!/\.[mc]?tsx?$/.test(file.path)) return [];
    return tasksOf(file).flatMap(({ by, call, options, run }) => {
      const object = resolved(file, options);
      const isInferred = by === "task" && call.typeArguments === null && run !== null && takesTypes(run);
      if (!isInferred || object.type !== "ObjectExpression") return [];
      const properties = object.properties.filter((property) => property.type === "Property");
      const place = properties.findIndex((property) => keyOf(property) === "run");
      return properties.slice(0, Math.max(place, 0)).flatMap((property) => {
        const name = keyOf(property) ?? "";
        if (!hookNames.has(name) || !isFunctionThatTakesTypes(property.value)) return [];
        return [
          {
            at: property.key,
            message: `${name} stands before run, and takes the type of the payload from it: it is void in both.`,
            advice: `Write ${name} after run.`,
          },
        ];
      });
    });
  },
};

function isFunctionThatTakesTypes(node: Node): boolean {
  return isFunction(node) && takesTypes(node);
}

/** Whether the type of a parameter has to be found out. */
function takesTypes({ params }: FunctionNode): boolean {
  return params.some((parameter) => {
    const pattern = parameter.type === "AssignmentPattern" ? parameter.left : parameter;
    return "typeAnnotation" in pattern && (pattern.typeAnnotation ?? null) === null;
  });
}
