import type { Node } from "oxc-parser";
import { type Dropped, whatDrops } from "../code/dropped-promise.ts";
import { functionsAround } from "../code/syntax.ts";
import type { Rule, Violation } from "../rule.ts";

/** Nobody leaves a trigger on its way. */
export const awaitTrigger: Rule = {
  name: "await-trigger",
  severity: "error",
  asks: "In a file with tasks each trigger is awaited, returned, or given to somebody who awaits it.",
  why: "A trigger is on its way until its promise settles. When `run` returns before, the trigger may be cut off or refused, and its error reaches nobody; a `triggerAndWait` that is not awaited does not wait.",
  allows:
    "A promise that is kept in a variable that is used afterwards, put into a list, or given to a function such as `waitUntil` or `Promise.all`.",
  wrong: `import { idempotencyKeys, task } from "@pawl/sdk";

const retry = { maxAttempts: 3 };

export const sendMail = task({ id: "mail.welcome.send", retry, run: async ({ to }: { to: string }) => to });

export const register = task({
  id: "user.account.register",
  retry,
  run: async ({ to }: { to: string }) => {
    const idempotencyKey = await idempotencyKeys.create("welcome");
    sendMail.trigger({ to }, { idempotencyKey });
    return to;
  },
});
`,
  right: `import { idempotencyKeys, task } from "@pawl/sdk";

const retry = { maxAttempts: 3 };

export const sendMail = task({ id: "mail.welcome.send", retry, run: async ({ to }: { to: string }) => to });

export const register = task({
  id: "user.account.register",
  retry,
  run: async ({ to }: { to: string }) => {
    const idempotencyKey = await idempotencyKeys.create("welcome");
    await sendMail.trigger({ to }, { idempotencyKey });
    return to;
  },
});
`,
  check(file, { tasksOf, triggersOf }) {
    if (tasksOf(file).length === 0) return [];
    const isInFunction = (node: Node) => functionsAround(file, node).length > 0;
    return triggersOf(file).flatMap(({ call, name }) => {
      const dropped = isInFunction(call) ? whatDrops(file, call) : null;
      return dropped === null ? [] : [{ at: call, ...sentencesOn(name, dropped) }];
    });
  },
};

function sentencesOn(name: string, dropped: Dropped): Omit<Violation, "at"> {
  switch (dropped.kind) {
    case "statement":
      return { message: `${name} is not awaited.`, advice: "Write await before it, or return it." };
    case "variable":
      return {
        message: `${name} is not awaited: its promise is in ${dropped.name}, which is not used.`,
        advice: "Write await before it, or return it.",
      };
    case "function":
      return {
        message: `${name} is called in a function whose promise nobody awaits.`,
        advice: "Await what that function gives; Promise.all awaits a list.",
      };
    case "caller":
      return {
        message: `${name} is called in a function that ${dropped.name} does not wait for.`,
        advice: "Write a loop with await in it, or await Promise.all over map.",
      };
  }
}
