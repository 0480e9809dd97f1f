import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import type {
  BulkActionStore,
  BulkRunPage,
  BulkSelection,
  NewBulkAction,
  TakenBulkAction,
} from "../../engine/bulk-ports.ts";
import type { RunFilter } from "../../engine/read-ports.ts";
import { type RunStage, runStage } from "../runs/fixtures/run-stage.ts";
import { createBulkActionStore } from "./bulk-action-store.ts";
import { count } from "./count.ts";
import { everyRun } from "./fixtures/every-run.ts";

interface BulkStage extends RunStage {
  readonly store: BulkActionStore;
  create(selection: BulkSelection, changes?: Partial<NewBulkAction>): Promise<string>;
  /** Takes the action as the server that goes on with it would; fails where none is due. */
  take(): Promise<TakenBulkAction>;
  /** Chooses until all runs are chosen. */
  chosen(): Promise<TakenBulkAction>;
  record(id: string): Promise<string>;
}

async function bulkStage(t: TestContext): Promise<BulkStage> {
  const stage = await runStage(t);
  const { environment } = stage;
  const store = createBulkActionStore(stage.database);
  const take = async () => {
    const { taken } = await store.takeDue();
    assert.ok(taken, "an action is due");
    return taken;
  };
  return {
    ...stage,
    store,
    create: (selection, changes = {}) =>
      store.create({
        environmentId: environment.id,
        id: newUuid(),
        action: "cancel",
        name: null,
        selection,
        targetRegion: null,
        requestKey: null,
        ...changes,
      }),
    take,
    async chosen() {
      for (;;) {
        const taken = await take();
        if (taken.isChosen) return taken;
        await store.choose(taken);
      }
    },
    async record(id) {
      const action = await store.retrieve(environment.id, id);
      return `${action?.status} ${action?.total}/${action?.succeeded}/${action?.failed}`;
    },
  };
}

const idsOf = (page: BulkRunPage) => page.runs.map(({ runId }) => runId);
const doneAll = (page: BulkRunPage) => page.runs.map((run) => ({ ...run, error: null }));

test("an action by filter is about the runs that match and existed when it was made", async (t) => {
  const stage = await bulkStage(t);
  const { store } = stage;
  const tagged = await stage.trigger(3, { tags: ["a", "b"] });
  await stage.trigger(2, { tags: ["c"] });
  const id = await stage.create({ filter: { ...everyRun, tags: ["b", "x"] } }, { name: "mine" });
  await stage.trigger(1, { tags: ["a", "b"] });
  const taken = await stage.chosen();
  assert.equal(await stage.record(id), "PENDING 3/0/0");
  const page = await store.nextPage(taken);
  assert.deepEqual(idsOf(page), tagged);
  await store.finishPage(taken, page, [
    ...doneAll(page).slice(0, 2),
    { runId: tagged[2] ?? "", newRunId: null, error: "No." },
  ]);
  assert.equal(await stage.record(id), "COMPLETED 3/2/1");
  const action = await store.retrieve(stage.environment.id, id);
  assert.equal(action?.name, "mine");
  assert.ok(action?.completedAt);
  assert.deepEqual(await store.takeDue(), { taken: null, nextDueInMs: null });
  const touched = await stage.reader.list(stage.environment.id, {
    ...everyRun,
    bulkActionId: id,
    cursor: null,
    size: 10,
  });
  assert.deepEqual(
    touched.runs.map((run) => run.id),
    tagged.slice(0, 2).reverse(),
  );
});

test("a cancellation chooses unfinished runs only, a replay others too", async (t) => {
  const stage = await bulkStage(t);
  const finished = await stage.executing();
  const [queued = ""] = await stage.trigger(1, { queueName: "aside" });
  await stage.settle({ completed: [{ ...finished, output: null, outputType: "application/json", durationMs: 1 }] });
  const runIdsOf = async (action: "cancel" | "replay") => {
    await stage.create({ filter: everyRun }, { action });
    const taken = await stage.chosen();
    const page = await stage.store.nextPage(taken);
    await stage.store.finishPage(taken, page, doneAll(page));
    return idsOf(page);
  };
  assert.deepEqual(await runIdsOf("cancel"), [queued]);
  assert.deepEqual(await runIdsOf("replay"), [finished.runId, queued]);
});

test("every field of a filter counts", async (t) => {
  const stage = await bulkStage(t);
  const { environment, database } = stage;
  const [batchId, scheduleId] = [newUuid(), newUuid()];
  await stage.sql("insert into batch (environment_id, id, run_count) values ($1, $2, 2)", [environment.id, batchId]);
  const failed = await stage.executing({ batchId, batchIndex: 1, fire: { scheduleId, at: new Date() } });
  await stage.settle({
    failed: [
      {
        ...failed,
        error: { type: "STRING_ERROR", raw: "no" },
        outcome: "failed",
        durationMs: 1,
        retryDelayMs: null,
        isRetriedInPlace: false,
      },
    ],
  });
  await stage.trigger(1, { queueName: "aside", tags: ["x"], isTest: true, batchId, batchIndex: 0 });
  const [label] = await stage.sql("select label from version");
  const found = async (changes: Partial<RunFilter>) => {
    const counted: number[] = [];
    const filter = { ...everyRun, ...changes };
    for (const action of ["cancel", "replay"] as const) {
      counted.push((await count(database, environment.id, action, { filter })).count);
    }
    const { runs } = await stage.reader.list(environment.id, { ...filter, cursor: null, size: 10 });
    assert.equal(runs.length, counted[1], "a list shows the same");
    return counted;
  };
  assert.deepEqual(await found({}), [1, 2]);
  assert.deepEqual(await found({ taskIds: ["stage.plain.run", "other"] }), [1, 2]);
  assert.deepEqual(await found({ taskIds: ["other"] }), [0, 0]);
  assert.deepEqual(await found({ queueNames: ["aside"] }), [1, 1]);
  assert.deepEqual(await found({ tags: ["x"], isTest: true }), [1, 1]);
  assert.deepEqual(await found({ tags: ["x"], isTest: false }), [0, 0]);
  assert.deepEqual(await found({ machines: ["small-1x"] }), [1, 2]);
  assert.deepEqual(await found({ regions: ["default"] }), [0, 0]);
  assert.deepEqual(await found({ versionLabels: [String(label?.label)] }), [0, 1]);
  assert.deepEqual(await found({ standing: { states: [], outcomes: ["failed"] } }), [0, 1]);
  assert.deepEqual(await found({ standing: { states: [], outcomes: ["failed", "completed"] } }), [0, 1]);
  const queued = { state: "queued" as const, isBetweenAttempts: null };
  assert.deepEqual(await found({ standing: { states: [queued], outcomes: [] } }), [1, 1]);
  assert.deepEqual(await found({ standing: { states: [queued], outcomes: ["failed"] } }), [1, 2]);
  assert.deepEqual(await found({ from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000) }), [1, 2]);
  assert.deepEqual(await found({ from: new Date(Date.now() + 60_000) }), [0, 0]);
  assert.deepEqual(await found({ to: new Date(Date.now() - 60_000) }), [0, 0]);
  assert.deepEqual(await found({ batchId }), [1, 2]);
  assert.deepEqual(await found({ batchId: newUuid() }), [0, 0]);
  assert.deepEqual(await found({ scheduleId }), [0, 1]);
  assert.deepEqual(await found({ scheduleId, batchId }), [0, 1]);
});

test("a page comes again as it was after its server died, and is noted once", async (t) => {
  const stage = await bulkStage(t);
  const { store } = stage;
  const runIds = await stage.trigger(3);
  const id = await stage.create({ filter: everyRun }, { action: "replay" });
  const taken = await stage.chosen();
  const page = await store.nextPage(taken);
  assert.equal((await store.takeDue()).taken, null, "nobody else takes it meanwhile");
  const { nextDueInMs } = await store.takeDue();
  assert.ok(nextDueInMs !== null && nextDueInMs > 1_000 && nextDueInMs <= 10_000);
  await stage.sql("update bulk_action set due_at = now() - interval '1 second'");
  const again = await stage.take();
  const pageAgain = await store.nextPage(again);
  assert.deepEqual(pageAgain, page, "with the same ids for the new runs");
  assert.deepEqual(idsOf(page), runIds);
  await store.finishPage(taken, page, doneAll(page));
  await store.finishPage(again, pageAgain, doneAll(pageAgain));
  assert.equal(await stage.record(id), "COMPLETED 3/3/0");
});

test("a server that comes late chooses nothing a second time", async (t) => {
  const stage = await bulkStage(t);
  await stage.trigger(3);
  const id = await stage.create({ filter: everyRun });
  const taken = await stage.take();
  await stage.store.choose(taken);
  await stage.store.choose(taken);
  assert.equal(await stage.record(id), "PENDING 3/0/0");
});

test("many runs are chosen and gone through page by page", async (t) => {
  const stage = await bulkStage(t);
  const runIds: string[] = [];
  for (let times = 0; times < 5; times++) runIds.push(...(await stage.trigger(500)));
  const id = await stage.create({ filter: everyRun });
  const pages: (readonly string[])[] = [];
  for (;;) {
    const { taken } = await stage.store.takeDue();
    if (taken === null) break;
    if (!taken.isChosen) await stage.store.choose(taken);
    else {
      const page = await stage.store.nextPage(taken);
      pages.push(idsOf(page));
      await stage.store.finishPage(taken, page, doneAll(page));
    }
  }
  assert.deepEqual(
    pages.map((page) => page.length),
    [1_000, 1_000, 500],
  );
  assert.deepEqual(pages.flat(), runIds);
  assert.equal(await stage.record(id), "COMPLETED 2500/2500/0");
  assert.deepEqual(
    await count(
      stage.database,
      stage.environment.id,
      "cancel",
      { filter: everyRun },
      { mostCounted: 1, longestMs: 1e9 },
    ),
    { count: 2_500, isExact: true },
  );
});

test("an aborted action begins no further page, and the page in work is noted", async (t) => {
  const stage = await bulkStage(t);
  const { store, environment } = stage;
  await stage.trigger(2);
  const id = await stage.create({ filter: everyRun });
  const taken = await stage.chosen();
  const page = await store.nextPage(taken);
  assert.equal(await store.abort(environment.id, id), true);
  await store.keep(taken);
  await store.finishPage(taken, page, doneAll(page));
  assert.equal(await stage.record(id), "ABORTED 2/2/0");
  assert.deepEqual(await store.takeDue(), { taken: null, nextDueInMs: null });
  const other = await stage.create({ filter: everyRun });
  await stage.take();
  await store.abort(environment.id, other);
  assert.equal(await stage.record(other), "ABORTED 0/0/0");
  assert.equal(await store.abort(environment.id, newUuid()), false);
  assert.equal(await store.abort(newUuid(), id), false);
});

test("an action over named runs is about each of them once, known or not", async (t) => {
  const stage = await bulkStage(t);
  const [runId = ""] = await stage.trigger(1);
  const unknown = newUuid();
  const id = await stage.create({ runIds: [runId, unknown, runId] });
  assert.equal(await stage.record(id), "PENDING 2/0/0");
  assert.deepEqual(await stage.store.nextPage(await stage.take()).then(idsOf), [runId, unknown].sort());
  const selection = { runIds: [runId, unknown] };
  for (const action of ["cancel", "replay"] as const) {
    assert.deepEqual(await count(stage.database, stage.environment.id, action, selection), { count: 1, isExact: true });
  }
});

test("a call that is repeated with its request key makes one action", async (t) => {
  const stage = await bulkStage(t);
  const runIds = await stage.trigger(2);
  for (const selection of [{ runIds }, { filter: everyRun }]) {
    const changes = { requestKey: JSON.stringify(selection) };
    const id = await stage.create(selection, changes);
    assert.equal(await stage.create(selection, changes), id);
  }
  const { actions } = await stage.store.list(stage.environment.id, { cursor: null, size: 10 });
  assert.deepEqual(
    actions.map(({ total }) => total),
    [0, 2],
  );
});

test("actions take turns, the one that has waited longest first", async (t) => {
  const stage = await bulkStage(t);
  await stage.trigger(1);
  const ids = [await stage.create({ filter: everyRun }), await stage.create({ filter: everyRun })];
  const taken = [await stage.take(), await stage.take()];
  assert.deepEqual(
    taken.map(({ id }) => id),
    ids,
  );
  const [first] = taken;
  assert.ok(first);
  await stage.store.choose(first);
  assert.equal((await stage.take()).id, first.id);
});

test("actions are listed newest first, in pages both ways", async (t) => {
  const stage = await bulkStage(t);
  const ids: string[] = [];
  for (let times = 0; times < 3; times++) ids.unshift(await stage.create({ filter: everyRun }));
  const { store, environment } = stage;
  const page = async (cursor: Parameters<BulkActionStore["list"]>[1]["cursor"]) => {
    const { actions, hasNext, hasPrevious } = await store.list(environment.id, { cursor, size: 2 });
    return [actions.map(({ id }) => ids.indexOf(id)), hasNext, hasPrevious];
  };
  assert.deepEqual(await page(null), [[0, 1], true, false]);
  assert.deepEqual(await page({ direction: "after", id: ids[1] ?? "" }), [[2], false, true]);
  assert.deepEqual(await page({ direction: "before", id: ids[2] ?? "" }), [[0, 1], true, false]);
  assert.deepEqual((await store.list(newUuid(), { cursor: null, size: 2 })).actions, []);
});

test("what a replay starts from is read until it is enough for memory", async (t) => {
  const stage = await bulkStage(t);
  const text = JSON.stringify("x".repeat(5_000_000));
  const long = await stage.trigger(3, { payload: text, payloadType: "application/json" });
  const [small = ""] = await stage.trigger(1);
  const made = newUuid();
  await stage.insert([stage.newRun({ id: made })]);
  const runs = [newUuid(), ...long, small].map((runId) => ({ runId, newRunId: runId === small ? made : newUuid() }));
  const first = await stage.store.replaySources(stage.environment.id, runs);
  assert.deepEqual(
    first.map(({ source }) => (source === null ? null : "run")),
    [null, "run", "run"],
  );
  const rest = await stage.store.replaySources(stage.environment.id, runs.slice(first.length));
  assert.deepEqual(
    rest.map(({ source }) => (source === "made" ? "made" : typeof source)),
    ["object", "made"],
  );
});
