import { type FunctionNode, isFunction } from "../code/scopes.ts";
import type { SourceFile } from "../code/source-file.ts";
import { functionsAround, resolved } from "../code/syntax.ts";
import type { Rule } from "../rule.ts";

/** Tasks are there as soon as their file is imported. */
export const noTaskInFunction: Rule = {
  name: "no-task-in-function",
  severity: "error",
  asks: "Tasks are defined at the top level of their file, not inside a function.",
  why: "Pawl finds tasks by importing your files. A task that is defined when a function is called is not there yet, so nothing can trigger it; one that is defined in a `run` is another in each run.",
  allows: "A function that the same file calls when it is imported, to make several similar tasks.",
  wrong: `import { task } from "@pawl/sdk";

export function defineSync(shop: string) {
  return task({ id: "orders.sync.shop", retry: { maxAttempts: 3 }, run: async () => shop });
}
`,
  right: `import { task } from "@pawl/sdk";

export const syncShop = task({
  id: "orders.sync.shop",
  retry: { maxAttempts: 3 },
  run: async ({ shop }: { shop: string }) => shop,
});
`,
  check(file, { tasksOf }) {
    const called = calledAtImport(file);
    return tasksOf(file).flatMap(({ call, title }) => {
      if (functionsAround(file, call).every((around) => called.has(around))) return [];
      return [
        {
          at: call.callee,
          message: `${title} is defined inside a function, and is not there when the file is imported.`,
          advice: "Define it at the top level of the file, and give what differs in its payload.",
        },
      ];
    });
  },
};

/** Functions that are called when the file is imported, and those handed to something that is. */
function calledAtImport(file: SourceFile): ReadonlySet<FunctionNode> {
  const calls = file.nodes.filter((node) => node.type === "CallExpression");
  const called = new Set<FunctionNode>();
  for (let before = -1; before < called.size; ) {
    before = called.size;
    for (const call of calls) {
      if (!functionsAround(file, call).every((around) => called.has(around))) continue;
      for (const part of [call.callee, ...call.arguments]) {
        const target = resolved(file, part);
        if (isFunction(target)) called.add(target);
      }
    }
  }
  return called;
}
