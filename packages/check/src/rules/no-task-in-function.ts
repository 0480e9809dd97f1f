import type { Node } from "oxc-parser";
import { type FunctionNode, isFunction } from "../code/scopes.ts";
import type { SourceFile } from "../code/source-file.ts";
import { bare, functionsAround, resolved } from "../code/syntax.ts";
import type { Rule } from "../rule.ts";

/** Tasks are there as soon as their file is imported. */
export const noTaskInFunction: Rule = {
  name: "no-task-in-function",
  severity: "error",
  asks: "Tasks are defined at the top level of their file, not inside a function.",
  why: "Pawl finds tasks by importing your files. A task that is defined when a function is called is not there yet, so nothing can trigger it; one that is defined in a `run` is another in each run.",
  allows: "A function that the same file calls at its top level, to make several similar tasks.",
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
    const called = calledAtTop(file);
    return tasksOf(file).flatMap(({ call, title }) => {
      const outermost = functionsAround(file, call).at(-1);
      if (outermost === undefined || called.has(outermost)) return [];
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

/** Functions that are called when the file is imported, or handed to something that is. */
function calledAtTop(file: SourceFile): ReadonlySet<FunctionNode> {
  const called = new Set<FunctionNode>();
  for (const node of file.nodes) {
    if (node.type !== "CallExpression" || functionsAround(file, node).length > 0) continue;
    for (const part of [node.callee, ...node.arguments]) {
      const target = bareFunction(file, part);
      if (target !== null) called.add(target);
    }
  }
  return called;
}

function bareFunction(file: SourceFile, node: Node): FunctionNode | null {
  const target = resolved(file, bare(node));
  return isFunction(target) ? target : null;
}
