import { setTimeout as delay } from "node:timers/promises";
import { runs, tasks } from "@pawl/sdk";
import type { LoadCalls } from "./protocol.ts";

const taskId = "bench.noop";
const triggersAtOnce = 50;
const settleMs = 3_000;

/** A change that was made, and is not seen yet. */
type Awaited = Map<string, { readonly n: number; readonly madeAtMs: number; readonly seen: (ms: number) => void }>;

/** See {@link LoadCalls}. */
export async function liveUpdates({
  subscribers,
  updates,
  intervalMs,
}: LoadCalls["live_updates"]["request"]): Promise<LoadCalls["live_updates"]["answer"]> {
  const ids = await delayedRuns(subscribers);
  const awaited: Awaited = new Map();
  const subscriptions = ids.map((id) => runs.subscribeToRun(id));
  const ready = subscriptions.map((subscription) => watch(subscription, awaited));
  await Promise.all(ready.map(({ first }) => first));
  await delay(settleMs); // until each of them waits for its next answer
  const latencies: Promise<number>[] = [];
  for (let n = 1; n <= updates; n++) {
    const id = ids[(n * 7) % ids.length] ?? "";
    latencies.push(new Promise((seen) => awaited.set(id, { n, madeAtMs: performance.now(), seen })));
    void setMetadata(id, n);
    await delay(intervalMs);
  }
  const latenciesMs = await Promise.all(latencies);
  for (const subscription of subscriptions) subscription.unsubscribe();
  await Promise.all(ready.map(({ ended }) => ended));
  const { id } = await runs.bulk.cancel({ filter: { taskIdentifier: taskId, status: "DELAYED" } });
  await runs.bulk.poll(id);
  return { latenciesMs };
}

async function delayedRuns(count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let left = count;
  const caller = async () => {
    while (left-- > 0) ids.push((await tasks.trigger(taskId, {}, { delay: "1h" })).id);
  };
  await Promise.all(Array.from({ length: triggersAtOnce }, caller));
  return ids;
}

function watch(subscription: ReturnType<typeof runs.subscribeToRun>, awaited: Awaited) {
  let isFirst: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    isFirst = resolve;
  });
  const ended = (async () => {
    for await (const run of subscription) {
      isFirst();
      const change = awaited.get(run.id);
      if (change === undefined || run.metadata?.n !== change.n) continue;
      awaited.delete(run.id);
      change.seen(performance.now() - change.madeAtMs);
    }
  })();
  return { first, ended };
}

async function setMetadata(id: string, n: number): Promise<void> {
  const { TRIGGER_API_URL: baseUrl, TRIGGER_SECRET_KEY: key } = process.env;
  const response = await fetch(`${baseUrl}/api/v1/runs/${id}/metadata`, {
    method: "PUT",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ metadata: { n } }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
}
