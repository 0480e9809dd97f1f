import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { raceDatabase } from "@pawl/testkit";
import { createBulkActionStore } from "../store/bulk-actions/bulk-action-store.ts";
import { everyRun } from "../store/bulk-actions/fixtures/every-run.ts";
import { type RunStage, runStage } from "../store/runs/fixtures/run-stage.ts";
import type { BulkActionRecord, NewBulkAction } from "./bulk-ports.ts";
import type { Engine } from "./engine.ts";
import { engineStage, startServer } from "./fixtures/engine-stage.ts";

/** Makes an action as the API does. */
function create(engine: Engine, stage: RunStage, changes: Partial<NewBulkAction> = {}): Promise<string> {
  return engine.createBulkAction({
    environmentId: stage.environment.id,
    action: "cancel",
    name: null,
    selection: { filter: everyRun },
    targetRegion: null,
    requestKey: null,
    ...changes,
  });
}

/** Waits until an action is over, and until its last page is noted. */
async function over(stage: RunStage, id: string): Promise<BulkActionRecord> {
  for (;;) {
    const action = await createBulkActionStore(stage.database).retrieve(stage.environment.id, id);
    assert.ok(action);
    if (action.status === "COMPLETED") return action;
  }
}

const countsOf = ({ total, succeeded, failed }: BulkActionRecord) => [total, succeeded, failed];

const replaysOf = (stage: RunStage, runIds: readonly string[]) =>
  stage.sql("select replay_of, id, tags, region from run where replay_of = any ($1::uuid[]) order by replay_of", [
    runIds,
  ]);

test("a cancellation reaches runs in every state, and what they have made", async (t) => {
  const stage = await engineStage(t);
  const { environment, engine } = stage;
  const child = Promise.withResolvers<string>();
  const waits = Promise.withResolvers<void>();
  const host = stage.playedHost({
    processes: 2,
    async play({ run, signal, call, awaits }) {
      if (run.taskId === "stage.limited.run") {
        await call({ kind: "token", wait: "token#1" });
        const waiting = awaits(["token#1"]);
        waits.resolve();
        await waiting;
        return undefined;
      }
      const made = (await call({ kind: "trigger", taskId: "stage.plain.run", options: { delay: "1h" } })) as {
        runId: string;
      };
      child.resolve(made.runId);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
    },
  });
  host.connect(engine);
  const tags = ["mine"];
  const executing = await stage.triggered({ tags });
  const childId = await child.promise;
  const waiting = await stage.triggered({ tags, taskId: "stage.limited.run" });
  await waits.promise;
  await host.until(() => host.begun.length === 2);
  const delayed = await stage.triggered({ tags, delay: { afterMs: 3_600_000 } });
  const other = await stage.triggered({ delay: { afterMs: 3_600_000 } });
  const id = await create(engine, stage, { selection: { filter: { ...everyRun, tags } } });
  const action = await over(stage, id);
  assert.deepEqual(countsOf(action), [3, 3, 0], "the child is not counted");
  await host.until(() => host.finished.size === 2);
  for (const runId of [executing, waiting, delayed, childId]) {
    assert.equal((await stage.reader.retrieve(environment.id, runId))?.outcome, "canceled");
  }
  assert.equal((await stage.liveRun(other))?.state, "delayed");
  assert.deepEqual(stage.errors, []);
});

test("a replay makes one run of each, with its options, and they are found by the action", async (t) => {
  const stage = await engineStage(t);
  const runIds = await stage.trigger(3, { tags: ["a"], delay: { afterMs: 3_600_000 } });
  const id = await create(stage.engine, stage, { action: "replay", targetRegion: "elsewhere" });
  assert.deepEqual(countsOf(await over(stage, id)), [3, 3, 0]);
  const replays = await replaysOf(stage, runIds);
  assert.deepEqual(
    replays.map(({ replay_of, tags, region }) => [replay_of, tags, region]),
    runIds.map((runId) => [runId, ["a"], "elsewhere"]),
  );
  const filter = { ...everyRun, bulkActionId: id, cursor: null, size: 10 };
  const listed = await stage.reader.list(stage.environment.id, filter);
  assert.deepEqual(listed.runs.map((run) => run.id).sort(), replays.map((row) => row.id).sort());
  const again = await create(stage.engine, stage, { selection: { filter: { ...everyRun, bulkActionId: id } } });
  assert.deepEqual(countsOf(await over(stage, again)), [3, 3, 0], "what an action made can be cancelled by another");
  assert.deepEqual(stage.errors, []);
});

test("runs that are unknown or have finished are told apart, and counted as failures", async (t) => {
  const stage = await engineStage(t);
  const finished = await stage.executing();
  await stage.settle({ completed: [{ ...finished, output: null, outputType: "application/json", durationMs: 1 }] });
  const [cancelled = "", queued = ""] = await stage.trigger(2);
  await stage.engine.cancel(stage.environment.id, cancelled);
  const unknown = newUuid();
  const runIds = [finished.runId, cancelled, queued, unknown];
  const id = await create(stage.engine, stage, { selection: { runIds } });
  assert.deepEqual(countsOf(await over(stage, id)), [4, 2, 2]);
  const failures = await stage.sql("select run_id, error from bulk_action_run where not is_done order by run_id");
  assert.deepEqual(
    failures.map(({ run_id, error }) => [run_id, error]),
    [
      [finished.runId, "The run had finished before it could be cancelled."],
      [unknown, "There is no such run in this environment."],
    ],
  );
  const replay = await create(stage.engine, stage, { action: "replay", selection: { runIds } });
  assert.deepEqual(countsOf(await over(stage, replay)), [4, 3, 1]);
});

test("a run that can't be stored fails alone", async (t) => {
  const stage = await engineStage(t, { splitsRows: true });
  const runIds = await stage.trigger(3);
  await stage.sql(`alter table run add check (replay_of is distinct from '${runIds[1]}'::uuid)`);
  const id = await create(stage.engine, stage, { action: "replay" });
  assert.deepEqual(countsOf(await over(stage, id)), [3, 2, 1]);
  const [failure] = await stage.sql("select run_id, error from bulk_action_run where not is_done");
  assert.equal(failure?.run_id, runIds[1]);
  assert.match(String(failure?.error), /can't be stored: .*check constraint/);
});

test("another server goes on where one stops, and replays nothing a second time", async (t) => {
  const stage = await engineStage(t);
  const runIds = await stage.trigger(3);
  const noted = stage.races.hold("bulk_pages_move_on", "before");
  const id = await create(stage.engine, stage, { action: "replay" });
  await noted.reached; // the runs are made, and nobody knows
  assert.equal((await replaysOf(stage, runIds)).length, 3);
  await stage.sql("update bulk_action set due_at = now() - interval '1 second'");
  await startServer(stage, (error) => stage.errors.push(error));
  assert.deepEqual(countsOf(await over(stage, id)), [3, 3, 0]);
  noted.release();
  await stage.engine.stop();
  assert.deepEqual(countsOf(await over(stage, id)), [3, 3, 0]);
  assert.equal((await replaysOf(stage, runIds)).length, 3);
  assert.deepEqual(stage.errors, []);
});

test("two servers at the same page make its runs once", async (t) => {
  const stage = await engineStage(t, { splitsRows: true });
  const runIds = await stage.trigger(3);
  const inserting = stage.races.hold("runs_insert_with_options", "before");
  const id = await create(stage.engine, stage, { action: "replay" });
  await inserting.reached;
  await stage.sql("update bulk_action set due_at = now() - interval '1 second'");
  const races = raceDatabase(stage.database);
  const noted = races.hold("bulk_pages_move_on", "before");
  await startServer({ ...stage, database: races.database }, (error) => stage.errors.push(error));
  await noted.reached;
  inserting.release(); // finds the ids taken, and comes first to note the page
  assert.deepEqual(countsOf(await over(stage, id)), [3, 3, 0]);
  noted.release();
  assert.equal((await replaysOf(stage, runIds)).length, 3);
  assert.deepEqual(stage.errors, []);
});

test("an action made on one server is heard of on another", async (t) => {
  const stage = await runStage(t, { poolSize: 12 });
  const errors: unknown[] = [];
  const races = raceDatabase(stage.database);
  const taking = races.hold("bulk_actions_take_due", "before");
  const first = await startServer({ ...stage, database: races.database }, (error) => errors.push(error));
  await taking.reached; // this one does nothing any more
  await startServer(stage, (error) => errors.push(error));
  // The other hears it once it listens.
  for (let isOver = false; !isOver; ) {
    await create(first, stage);
    const lookedAt = performance.now();
    while (!isOver && performance.now() - lookedAt < 200) {
      const rows = await stage.sql("select from bulk_action where status = 'COMPLETED'");
      isOver = rows.length > 0;
    }
  }
  taking.release();
  assert.deepEqual(errors, []);
});

test("an aborted action ends with the page in work", async (t) => {
  const stage = await engineStage(t);
  for (let times = 0; times < 3; times++) await stage.trigger(500);
  const noted = stage.races.hold("bulk_pages_move_on", "before");
  const id = await create(stage.engine, stage);
  await noted.reached;
  assert.equal(await stage.engine.abortBulkAction(stage.environment.id, id), true);
  noted.release();
  await stage.engine.stop();
  const action = await createBulkActionStore(stage.database).retrieve(stage.environment.id, id);
  assert.ok(action);
  assert.deepEqual([action.status, ...countsOf(action)], ["ABORTED", 1_500, 1_000, 0]);
  const [live] = await stage.sql("select count(*)::int as count from live_run");
  assert.equal(live?.count, 500);
  assert.equal(await stage.engine.abortBulkAction(stage.environment.id, newUuid()), false);
});
