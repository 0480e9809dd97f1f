import type { LanguageModel } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";

/**
 * The model that the tasks use: with `AI_GATEWAY_API_KEY` a real one, through Vercel's AI gateway (`AI_MODEL` names it); else one
 * that works offline and answers with the first sentence of what it is asked about.
 *
 * @returns the model
 */
export function languageModel(): LanguageModel {
  if (process.env.AI_GATEWAY_API_KEY !== undefined) return process.env.AI_MODEL ?? "openai/gpt-5-mini";
  return offlineModel;
}

const usage = {
  inputTokens: { total: 100, noCache: 100, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 10, text: 10, reasoning: 0 },
};
const finishReason = { unified: "stop", raw: undefined } as const;

const offlineModel = new MockLanguageModelV4({
  modelId: "first-sentence",
  doGenerate: async ({ prompt }) => ({
    content: [{ type: "text", text: firstSentence(prompt) }],
    finishReason,
    usage,
    warnings: [],
  }),
  doStream: async ({ prompt }) => ({
    stream: simulateReadableStream({
      chunks: [
        { type: "text-start", id: "1" },
        ...firstSentence(prompt)
          .split(/(?<= )/)
          .map((delta) => ({ type: "text-delta", id: "1", delta }) as const),
        { type: "text-end", id: "1" },
        { type: "finish", finishReason, usage },
      ],
    }),
  }),
});

/** Of the last text in a prompt, what stands behind its first line. */
function firstSentence(prompt: readonly { readonly content: unknown }[]): string {
  const text = JSON.stringify(prompt.at(-1)?.content);
  const [, body = ""] = /\\n([^"]+)/.exec(text) ?? [];
  return (/^.*?[.!?](?=\s|\\n|$)/.exec(body)?.[0] ?? body).trim();
}
