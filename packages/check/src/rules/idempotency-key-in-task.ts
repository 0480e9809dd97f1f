import type { SourceFile } from "../code/source-file.ts";
import { propertyOf, resolved } from "../code/syntax.ts";
import { type TaskDefinition, taskAround } from "../code/task-definitions.ts";
import { keyOfTrigger } from "../code/trigger-key.ts";
import type { Rule } from "../rule.ts";

/** A run that is tried again finds the runs that it made before. */
export const idempotencyKeyInTask: Rule = {
  name: "idempotency-key-in-task",
  severity: "warning",
  asks: "A trigger inside of a task's `run` has an `idempotencyKey`.",
  why: "When the task fails after the trigger, its next attempt begins from the start and triggers again: the mail goes out twice, the order is charged twice. With a key from `idempotencyKeys.create` the next attempt finds the run that is there, and has its result at once if it has finished.",
  allows:
    "A task that is not tried again (`retry: { maxAttempts: 1 }`), a trigger with `debounce`, and options or items that come from elsewhere, where a key can't be seen.",
  wrong: `import { task } from "@pawl/sdk";

const retry = { maxAttempts: 3 };

export const charge = task({ id: "order.charge.card", retry, run: async ({ order }: { order: string }) => order });

export const checkout = task({
  id: "order.checkout.cart",
  retry,
  run: async ({ order }: { order: string }) => {
    await charge.triggerAndWait({ order }).unwrap();
    return order;
  },
});
`,
  right: `import { idempotencyKeys, task } from "@pawl/sdk";

const retry = { maxAttempts: 3 };

export const charge = task({ id: "order.charge.card", retry, run: async ({ order }: { order: string }) => order });

export const checkout = task({
  id: "order.checkout.cart",
  retry,
  run: async ({ order }: { order: string }) => {
    const idempotencyKey = await idempotencyKeys.create("charge");
    await charge.triggerAndWait({ order }, { idempotencyKey }).unwrap();
    return order;
  },
});
`,
  check(file, project) {
    const tasks = project.tasksOf(file);
    return project.triggersOf(file).flatMap((trigger) => {
      const around = taskAround(file, tasks, trigger.call);
      if (around === null || hasOneAttempt(file, around) || keyOfTrigger(file, trigger) !== "absent") return [];
      const title = around.title.replace(/^The/, "the");
      return [
        {
          at: trigger.call.callee,
          message: `${trigger.name} has no idempotencyKey: each attempt of ${title} triggers again.`,
          advice: `Give it one in its options: { idempotencyKey: await idempotencyKeys.create("…") }.`,
        },
      ];
    });
  },
};

function hasOneAttempt(file: SourceFile, { options }: TaskDefinition): boolean {
  const retry = propertyOf(file, options, "retry");
  const maxAttempts = retry.kind === "there" ? propertyOf(file, retry.value, "maxAttempts") : retry;
  if (maxAttempts.kind !== "there") return false;
  const value = resolved(file, maxAttempts.value);
  return value.type === "Literal" && value.value === 1;
}
