import { setTimeout as delay } from "node:timers/promises";
import { tasks } from "@pawl/sdk";
import { callDuring } from "./callers.ts";
import type { LoadCalls, Spread, TriggeredRun } from "./protocol.ts";

type Calls<Kind extends keyof LoadCalls> = (request: LoadCalls[Kind]["request"]) => Promise<LoadCalls[Kind]["answer"]>;

/** See {@link LoadCalls}. */
export const triggerDuring: Calls<"trigger_during"> = ({ taskId, payload, callers, durationMs }) =>
  callDuring(callers, durationMs, () => tasks.trigger(taskId, payload));

/** See {@link LoadCalls}. */
export const triggerBatches: Calls<"trigger_batches"> = async ({ taskId, payload, batches, runsEach, spread }) => {
  const elapsedMs: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const items = Array.from({ length: runsEach }, (_, index) => ({
      payload,
      ...(spread === undefined ? {} : { options: placeOf(batch * runsEach + index, spread) }),
    }));
    const beganAtMs = performance.now();
    await tasks.batchTrigger(taskId, items);
    elapsedMs.push(performance.now() - beganAtMs);
  }
  return { elapsedMs };
};

/** The queues in turn, then the keys. */
function placeOf(number: number, { queues, keys }: Spread) {
  const queue = `bench-${number % queues}`;
  return keys === 0 ? { queue } : { queue, concurrencyKey: `key-${Math.floor(number / queues) % keys}` };
}

/** See {@link LoadCalls}. */
export const triggerSpaced: Calls<"trigger_spaced"> = async ({ taskId, payload, count, intervalMs }) => {
  const runs: TriggeredRun[] = [];
  const beganAtMs = performance.now();
  while (runs.length < count) {
    runs.push(await triggerTimed(taskId, payload));
    await delay(Math.max(1, beganAtMs + runs.length * intervalMs - performance.now()));
  }
  return { runs };
};

/** See {@link LoadCalls}. */
export const triggerPaced: Calls<"trigger_paced"> = async ({ taskId, payload, intervalMs, durationMs }) => {
  const beganAtMs = performance.now();
  const calls: Promise<{ readonly atMs: number; readonly elapsedMs: number }>[] = [];
  const one = async (atMs: number) => {
    await tasks.trigger(taskId, payload);
    return { atMs, elapsedMs: performance.now() - beganAtMs - atMs };
  };
  while (calls.length * intervalMs < durationMs) {
    calls.push(one(performance.now() - beganAtMs));
    await delay(Math.max(0, beganAtMs + calls.length * intervalMs - performance.now()));
  }
  return { calls: await Promise.all(calls) };
};

/** See {@link LoadCalls}. */
export const triggerAtOnce: Calls<"trigger_at_once"> = async ({ taskId, payload, count }) => ({
  runs: await Promise.all(Array.from({ length: count }, () => triggerTimed(taskId, payload))),
});

async function triggerTimed(taskId: string, payload: unknown): Promise<TriggeredRun> {
  const calledAtNs = process.hrtime.bigint().toString();
  const { id } = await tasks.trigger(taskId, payload);
  return { runId: id, calledAtNs };
}
