import { Batcher } from "../batcher.ts";
import type { Engine } from "../engine.ts";
import type { AppendOutcome, StreamAppend } from "../stream-ports.ts";
import type { EngineParts } from "./engine-parts.ts";

/** The verbs of streams. */
export type StreamVerbs = Pick<Engine, "appendToStream" | "createStream" | "createInputWait">;

/** The most appends of one transaction, and how many are under way at once: of one stream they come one after the other anyway. */
const maxAppends = 500;
const maxInFlight = 2;

/**
 * Makes the verbs of streams.
 *
 * @param parts - what they work with
 * @returns the verbs
 */
export function streamVerbs(parts: EngineParts): StreamVerbs {
  const { settings, services } = parts;
  const batchers = new Map<string, Batcher<StreamAppend, AppendOutcome>>();
  /** One for each environment: an array that fails is split and done again, which must not concern what others have stored with it. */
  const batcherOf = (environmentId: string) => {
    const batcher =
      batchers.get(environmentId) ??
      new Batcher<StreamAppend, AppendOutcome>({
        run: (array) => appendAll(parts, environmentId, array),
        maxItems: maxAppends,
        maxInFlight,
        isItemError: settings.isRowError,
      });
    batchers.set(environmentId, batcher);
    return batcher;
  };
  return {
    appendToStream: (append) => batcherOf(append.environmentId).add(append),
    createStream: (ref) => settings.streams.create(ref),
    async createInputWait(wait) {
      const outcome = await settings.streams.createInputWait(wait);
      if (outcome.kind === "made" && outcome.nextDueInMs !== null) services.dueRuns.expect(outcome.nextDueInMs);
      return outcome;
    },
  };
}

async function appendAll(
  { settings, dispatchers }: EngineParts,
  environmentId: string,
  appends: readonly StreamAppend[],
): Promise<readonly AppendOutcome[]> {
  const { outcomes, hasResumed } = await settings.streams.append(environmentId, appends);
  if (hasResumed) dispatchers.freed(environmentId);
  for (const [index, outcome] of outcomes.entries()) {
    const append = appends[index];
    if (append !== undefined && "records" in outcome && outcome.records.length > 0) {
      settings.onAppended(append, outcome.records);
    }
  }
  return outcomes;
}
