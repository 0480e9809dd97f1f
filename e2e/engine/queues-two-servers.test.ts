import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { queues, tasks } from "@pawl/sdk";
import type { gated, lasting } from "../projects/engine/trigger/plain.ts";
import { type Mark, openEngine, outputOf } from "../stage/engine.ts";
import { startSecondServer } from "../stage/second-server.ts";
import { until } from "../stage/until.ts";

/** How long a claim may lie before its first stamp: a run that was claimed under the limit before starts a little later. */
const slackMs = 1_000;

/** From when a limit held; 0 while the queue was paused. */
interface Epoch {
  readonly fromMs: number;
  readonly limit: number;
}

test("two servers keep a limit that changes, and lose no slot", async (t) => {
  const engine = await openEngine(t);
  const other = await startSecondServer(engine);
  await engine.startWorker({ server: other });
  const queue = { type: "custom", name: "judged" } as const;
  const first = await tasks.trigger<typeof lasting>("lasting", { ms: 1 }, { queue: queue.name });
  await outputOf(first); // the queue is made by it

  const epochs: Epoch[] = [];
  // A higher limit may be in force from the moment the call is made, a lower one is only when it has returned.
  const limitTo = async (limit: number) => {
    const calledAtMs = Date.now();
    await queues.overrideConcurrencyLimit(queue, limit);
    const isHigher = limit > (epochs.at(-1)?.limit ?? 0);
    epochs.push({ fromMs: isHigher ? calledAtMs : Date.now(), limit });
  };
  await limitTo(3);
  const count = 400;
  const items = Array.from({ length: count / 2 }, () => ({ payload: { ms: 25 }, options: { queue: queue.name } }));
  await tasks.batchTrigger<typeof lasting>("lasting", items);
  const viaOther = Array.from({ length: count / 2 }, () =>
    fetch(`${other.apiUrl}/api/v1/tasks/lasting/trigger`, {
      method: "POST",
      headers: { authorization: `Bearer ${other.secretKey}`, "content-type": "application/json" },
      body: JSON.stringify({ payload: { ms: 25 }, options: { queue: { name: queue.name } } }),
    }).then((response) => assert.equal(response.status, 200)),
  );
  await Promise.all(viaOther);
  for (const limit of [5, 1, 4]) {
    await delay(600); // how long the limit before holds
    await limitTo(limit);
  }
  await delay(400); // the same
  await queues.pause(queue);
  epochs.push({ fromMs: Date.now(), limit: 0 });
  await delay(slackMs + 700); // long enough to see that nothing starts
  const resumedAtMs = Date.now();
  await queues.resume(queue);
  epochs.push({ fromMs: resumedAtMs, limit: 4 });
  await limitTo(6);

  const judged = (mark: Mark) => mark.taskId === "lasting" && mark.runId !== first.id;
  await until(
    "all have ended",
    async () => (await engine.marks((m) => judged(m) && m.name === "end")).length === count,
    {
      timeoutMs: 60_000,
    },
  );
  const marks = await engine.marks(judged);
  assert.deepEqual(judge(marks, epochs), []);
  const pids = new Set(marks.map(({ pid }) => pid));
  assert.ok(pids.size > 1);

  // Every slot is still there: as many as the limit says can execute together.
  const gate = engine.gate("last");
  const together = await Promise.all(
    Array.from({ length: 7 }, () => tasks.trigger<typeof gated>("gated", { gate }, { queue: queue.name })),
  );
  await until(
    "six execute",
    async () => (await engine.marks((m) => m.taskId === "gated" && m.name === "start")).length === 6,
  );
  const { running, queued } = await queues.retrieve(queue);
  assert.deepEqual({ running, queued }, { running: 6, queued: 1 });
  await engine.open("last");
  await Promise.all(together.map((handle) => outputOf(handle)));
});

/** Each start has to be within the highest limit that held at it or shortly before. */
function judge(marks: readonly Mark[], epochs: readonly Epoch[]): readonly string[] {
  const findings: string[] = [];
  let executing = 0;
  const steps = marks
    .filter(({ name }) => name === "start" || name === "end")
    .toSorted((a, b) => a.atMs - b.atMs || (a.name === "end" ? -1 : 1));
  for (const { name, atMs, runId } of steps) {
    executing += name === "start" ? 1 : -1;
    if (name !== "start") continue;
    const limit = Math.max(
      ...epochs.flatMap(({ fromMs, limit }, index) => {
        const untilMs = epochs[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
        return fromMs <= atMs && untilMs >= atMs - slackMs ? [limit] : [];
      }),
    );
    // What was started under a higher limit goes on to its end: only a start beyond every limit in force is a fault.
    if (executing > limit) findings.push(`${runId} began at ${atMs} as number ${executing} of ${limit}`);
  }
  return findings;
}
