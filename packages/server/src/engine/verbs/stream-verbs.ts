import { Batcher } from "../batcher.ts";
import type { Engine } from "../engine.ts";
import type { AppendOutcome, StreamAppend, StreamStore } from "../stream-ports.ts";
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
  const appends = new Batcher<StreamAppend, AppendOutcome>({
    run: (array) => appendAll(parts, array),
    maxItems: maxAppends,
    maxInFlight,
    isItemError: settings.isRowError,
  });
  return {
    appendToStream: (append) => appends.add(append),
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
  appends: readonly StreamAppend[],
): Promise<readonly AppendOutcome[]> {
  const outcomes = new Map<StreamAppend, AppendOutcome>();
  const ofEnvironment = Map.groupBy(appends, ({ environmentId }) => environmentId);
  const appended = async (environmentId: string, ones: readonly StreamAppend[], streams: StreamStore) => {
    const { outcomes: found, hasResumed } = await streams.append(environmentId, ones);
    if (hasResumed) dispatchers.freed(environmentId);
    for (const [index, outcome] of found.entries()) {
      const one = ones[index];
      if (one === undefined) continue;
      outcomes.set(one, outcome);
      if ("records" in outcome && outcome.records.length > 0) settings.onAppended(one, outcome.records);
    }
  };
  await Promise.all([...ofEnvironment].map(([id, ones]) => appended(id, ones, settings.streams)));
  return appends.flatMap((one) => outcomes.get(one) ?? []);
}
