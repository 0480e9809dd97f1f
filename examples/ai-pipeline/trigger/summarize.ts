import { idempotencyKeys, logger, metadata, schemaTask } from "@pawl/sdk";
import { generateText, streamText } from "ai";
import { z } from "zod";
import { splitDocument } from "../document/split-document.ts";
import { summaryWords } from "../document/summary-words.ts";
import { languageModel } from "../model/language-model.ts";

/** Sums up one piece of a document. Used by the task below alone, and tried again by itself. */
const summarizePiece = schemaTask({
  id: "document.piece.summarize",
  description: "Sums up one piece of a document",
  schema: z.object({ piece: z.string().min(1) }),
  // Models are busy at times: wait longer each time, and do not pay for more than four tries.
  retry: { maxAttempts: 4, minTimeoutInMs: 2_000, factor: 3 },
  // No more than four calls of the model at once, however many documents there are.
  queue: { name: "model.calls", concurrencyLimit: 4 },
  maxDuration: 60,
  run: async ({ piece }, { signal }) => {
    const { text, usage } = await generateText({
      model: languageModel(),
      prompt: `Sum this up in one sentence:\n${piece}`,
      abortSignal: signal,
      maxRetries: 0, // the run is what is tried again
    });
    const tokens = usage.totalTokens ?? 0;
    metadata.parent.increment("piecesDone", 1).increment("tokens", tokens);
    logger.info("Summed up a piece", { characters: piece.length, tokens });
    return text;
  },
});

/** Sums up a document of any length: piece by piece, and then the sums. */
export const summarizeDocument = schemaTask({
  id: "document.text.summarize",
  description: "Sums up a document of any length",
  schema: z.object({
    title: z.string(),
    text: z.string().min(1),
    /** How long a piece may be. Smaller ones cost more calls, and lose less when one fails. */
    maxCharacters: z.int().min(100).max(100_000).default(8_000),
  }),
  retry: { maxAttempts: 3 },
  maxDuration: 120,
  run: async ({ title, text, maxCharacters }, { signal }) => {
    const pieces = splitDocument(text, maxCharacters);
    metadata.set("pieces", pieces.length);
    logger.info("Summing up", { title, pieces: pieces.length });

    // The key belongs to this run: when it is attempted again, pieces that are summed up are not paid for twice.
    const idempotencyKey = await idempotencyKeys.create("pieces");
    const items = pieces.map((piece) => ({ payload: { piece } }));
    const { runs } = await summarizePiece.batchTriggerAndWait(items, { idempotencyKey });
    const sums = runs.map((run) => {
      if (!run.ok) throw run.error;
      return run.output;
    });

    const summary = await tellAsOne(title, sums, signal);
    return { title, pieces: pieces.length, summary };
  },
});

/** Has the model make one text of many, and lets whoever wants to read along. */
async function tellAsOne(title: string, sums: readonly string[], signal: AbortSignal): Promise<string> {
  const { textStream, totalUsage } = streamText({
    model: languageModel(),
    prompt: `Make one paragraph about "${title}" of these sentences:\n${sums.join(" ")}`,
    abortSignal: signal,
  });
  const { stream, waitUntilComplete } = summaryWords.pipe(textStream);
  let summary = "";
  for await (const words of stream) summary += words;
  await waitUntilComplete();
  metadata.increment("tokens", (await totalUsage).totalTokens ?? 0);
  return summary;
}
