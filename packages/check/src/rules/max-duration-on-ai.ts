import { moduleUses } from "../code/imports.ts";
import { propertyOf } from "../code/syntax.ts";
import type { Rule } from "../rule.ts";

const aiModules: readonly RegExp[] = [
  /^ai(?:\/|$)/,
  /^@ai-sdk\//,
  /^openai(?:\/|$)/,
  /^@anthropic-ai\//,
  /^@google\/(?:genai|generative-ai)$/,
  /^@mistralai\//,
  /^(?:cohere-ai|groq-sdk|ollama|replicate)$/,
  /^(?:langchain|@langchain)\//,
];

/** A task that calls a model has an end. */
export const maxDurationOnAi: Rule = {
  name: "max-duration-on-ai",
  severity: "warning",
  asks: "A task in a file that uses a library for AI models has `maxDuration`, or the configuration has one.",
  why: "A model may stream for minutes, and a loop of tool calls may never end; each second of it costs. `maxDuration` ends an attempt that takes longer.",
  allows: "Imports of types alone.",
  wrong: `import { task } from "@pawl/sdk";
import { generateText } from "ai";

export const summarize = task({
  id: "article.summary.write",
  retry: { maxAttempts: 2 },
  run: async ({ prompt }: { prompt: string }) => (await generateText({ model: "openai/gpt-5", prompt })).text,
});
`,
  right: `import { task } from "@pawl/sdk";
import { generateText } from "ai";

export const summarize = task({
  id: "article.summary.write",
  retry: { maxAttempts: 2 },
  maxDuration: 300,
  run: async ({ prompt }: { prompt: string }) => (await generateText({ model: "openai/gpt-5", prompt })).text,
});
`,
  check(file, { settings, tasksOf }) {
    if (settings.hasMaxDuration) return [];
    const library = moduleUses(file).find(
      ({ module, isType }) => !isType && aiModules.some((pattern) => pattern.test(module)),
    );
    if (library === undefined) return [];
    return tasksOf(file)
      .filter(({ options }) => propertyOf(file, options, "maxDuration").kind === "absent")
      .map(({ call, title }) => ({
        at: call.callee,
        message: `${title} is in a file that uses ${library.module}, and may execute without an end.`,
        advice: "Give it maxDuration, in seconds, such as 300, or set maxDuration in trigger.config.ts.",
      }));
  },
};
