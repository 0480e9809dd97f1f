import assert from "node:assert/strict";
import { test } from "node:test";
import { runs, tasks } from "@pawl/sdk";
import type { hastyEvent, longEvent, patientEvent } from "../projects/engine/trigger/flow.ts";
import { type EngineStage, ended, openEngine, untilStatus } from "../stage/engine.ts";

/** Triggers an event: every third fails, in turn with a short and a long delay before its next attempt, or in the middle of a kill. */
function trigger(engine: EngineStage, n: number): Promise<{ readonly id: string }> {
  if (n === 12) return tasks.trigger<typeof longEvent>("long-event", { n, gate: engine.gate("killed") });
  const failures = n % 3 === 0 ? 1 + ((n / 3) % 2) : 0;
  return n % 2 === 0
    ? tasks.trigger<typeof hastyEvent>("hasty-event", { n, failures })
    : tasks.trigger<typeof patientEvent>("patient-event", { n, failures });
}

test("runs of a queue that executes one at a time end in the order of triggering, whatever fails or dies", async (t) => {
  const engine = await openEngine(t);
  await engine.startWorker();
  const handles: { readonly id: string }[] = [];
  for (let n = 0; n < 30; n++) handles.push(await trigger(engine, n));

  const between = await tasks.trigger<typeof patientEvent>("patient-event", { n: 30, failures: 0 });
  const failing = handles[3] ?? assert.fail("no run");
  await engine.untilMark(failing, "end");
  const { reason } = await runs.retrieve(failing.id);
  if (reason !== undefined) assert.match(reason, /It keeps its place: the runs behind it in its queue wait\.$/);

  const long = handles[12] ?? assert.fail("no run");
  const { pid } = await engine.untilMark(long, "start", 60_000);
  await engine.open("killed");
  process.kill(pid, "SIGKILL");
  for (const handle of [...handles, between]) await ended(handle, 60_000);

  const found = await Promise.all(handles.map((handle) => runs.retrieve(handle.id)));
  assert.ok(found.every((run) => run.status === "COMPLETED" || run.id === long.id));
  const order = [...found].sort((a, b) => (a.finishedAt?.getTime() ?? 0) - (b.finishedAt?.getTime() ?? 0));
  assert.deepEqual(
    order.map((run) => run.id),
    handles.map((handle) => handle.id),
  );
  const starts = await engine.marks(({ name, taskId }) => name === "start" && taskId.endsWith("-event"));
  const places = new Map(handles.map(({ id }, place) => [id, place]));
  const walked = starts.flatMap(({ runId }) => places.get(runId) ?? []);
  assert.deepEqual(
    walked,
    walked.toSorted((a, b) => a - b),
    "no attempt of a run begins before one that stands before it has ended",
  );
});

test("an ordered run whose worker is lost stands where it stood", async (t) => {
  const engine = await openEngine(t);
  const first = await tasks.trigger<typeof longEvent>("long-event", { n: 0, gate: engine.gate("lost") });
  await engine.untilMark(first, "start");
  const second = await tasks.trigger<typeof hastyEvent>("hasty-event", { n: 1, failures: 0 });
  engine.worker?.signal("SIGKILL");
  await engine.worker?.ended;
  await engine.startWorker();
  await untilStatus(first, "EXECUTING", 60_000);
  await engine.open("lost");
  const [one, other] = [await ended(first, 60_000), await ended(second, 60_000)];
  assert.equal(one.status, "COMPLETED");
  assert.ok((one.finishedAt?.getTime() ?? 0) <= (other.startedAt?.getTime() ?? 0), "the second waited for the first");
});
