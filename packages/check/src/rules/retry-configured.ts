import { propertyOf } from "../code/syntax.ts";
import type { Rule } from "../rule.ts";

/** How often a task is tried is decided, not left to a default. */
export const retryConfigured: Rule = {
  name: "retry-configured",
  severity: "warning",
  asks: "Each task has `retry`, or the configuration has `retries.default`.",
  why: "How often to try again, and how long to wait before, depends on what the task calls: a payment is not tried like a search index. Without a policy of yours there are three attempts within seconds, which an outage of a minute outlasts.",
  allows: "Options that are put together elsewhere, such as `task({ ...common, … })` with `common` from another file.",
  wrong: `import { task } from "@pawl/sdk";

export const sendMail = task({
  id: "mail.welcome.send",
  run: async ({ to }: { to: string }) => \`sent to \${to}\`,
});
`,
  right: `import { task } from "@pawl/sdk";

export const sendMail = task({
  id: "mail.welcome.send",
  retry: { maxAttempts: 5, minTimeoutInMs: 1_000, factor: 2 },
  run: async ({ to }: { to: string }) => \`sent to \${to}\`,
});
`,
  check(file, { settings, tasksOf }) {
    if (settings.hasRetryDefault) return [];
    return tasksOf(file)
      .filter(({ options }) => propertyOf(file, options, "retry").kind === "absent")
      .map(({ call, title }) => ({
        at: call.callee,
        message: `${title} does not say how often it is tried.`,
        advice: "Give it retry, such as { maxAttempts: 5 }, or set retries.default in trigger.config.ts.",
      }));
  },
};
