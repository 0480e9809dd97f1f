import { schemaTask, task } from "@pawl/sdk";
import { ai } from "@pawl/sdk/ai";
import { generateText, isStepCount, tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { z } from "zod";

/** The tool: what the model calls. */
export const weather = schemaTask({
  id: "weather",
  description: "Says how the weather in a city is",
  schema: z.object({ city: z.string().min(1) }),
  retry: { maxAttempts: 1 },
  run: async ({ city }, { ctx }) => {
    if (city === "Atlantis") throw new Error("There is no such city");
    return { city, degrees: 21, call: ai.toolCallId(), messages: ai.currentToolOptions()?.messages, run: ctx.run.id };
  },
});

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** A model that calls the tool once for each city, all at once, and then tells what it was told. */
function modelFor(cities: readonly string[]): MockLanguageModelV4 {
  let step = 0;
  return new MockLanguageModelV4({
    doGenerate: async ({ prompt }) => {
      if (step++ > 0) {
        const told = prompt.filter(({ role }) => role === "tool");
        return {
          content: [{ type: "text", text: JSON.stringify(told) }],
          finishReason: { unified: "stop", raw: "stop" },
          usage,
          warnings: [],
        };
      }
      return {
        content: cities.map((city, index) => ({
          type: "tool-call" as const,
          toolCallId: `call_${index}`,
          toolName: "weather",
          input: JSON.stringify({ city }),
        })),
        finishReason: { unified: "tool-calls", raw: "tool-calls" },
        usage,
        warnings: [],
      };
    },
  });
}

/** Asks the model, whose tool is the task above: as one that is put together, or as a whole one. */
export const asksModel = task({
  id: "asks-model",
  retry: { maxAttempts: 1 },
  run: async (
    { cities, isWhole, isAbortable }: { cities: string[]; isWhole: boolean; isAbortable: boolean },
    { signal },
  ) => {
    const whole = ai.tool(weather);
    const built = tool({
      description: weather.description ?? "",
      inputSchema: weather.schema,
      execute: ai.toolExecute(weather),
    });
    const { text, steps } = await generateText({
      model: modelFor(cities),
      prompt: "How is the weather?",
      tools: { weather: isWhole ? tool(whole) : built },
      stopWhen: isStepCount(3),
      ...(isAbortable ? { abortSignal: signal } : {}),
    });
    return { text, results: steps.flatMap(({ toolResults }) => toolResults.map(({ output }) => output)) };
  },
});
