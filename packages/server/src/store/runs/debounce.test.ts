import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import type { NewDebounce, NewRun, TriggerOutcome } from "../../engine/ports.ts";
import { createVersionStore } from "../versions.ts";
import { limitedTask, plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";

const debounce = (changes: Partial<NewDebounce> = {}): NewDebounce => ({
  key: "k",
  delayMs: 60_000,
  mode: "leading",
  maxDelayMs: null,
  ...changes,
});

/** A call with a payload of its own. */
const asking = (stage: RunStage, payload: string, changes: Partial<NewDebounce> = {}, run: Partial<NewRun> = {}) =>
  stage.newRun({ payload, debounce: debounce(changes), ...run });

const joined = (runId: string): TriggerOutcome => ({ kind: "found", runId, isCached: true });
const created = (runId: string): TriggerOutcome => ({ kind: "created", runId });

async function payloads(stage: RunStage): Promise<readonly unknown[]> {
  return (await stage.sql("select payload from run order by created_at")).map((row) => row.payload);
}

const secondsFromNow = (value: unknown) => Math.round((Number(value) - Date.now()) / 1_000);

/** In how many seconds the run is due and expires, by its live row, and due by its own. */
async function times(stage: RunStage, runId: string): Promise<readonly unknown[]> {
  const live = await stage.liveRun(runId);
  const [row] = await stage.sql("select delay_until from run where id = $1", [runId]);
  return [secondsFromNow(live?.due_at), secondsFromNow(row?.delay_until), secondsFromNow(live?.expires_at)];
}

/** Moves all that is delayed back in time. */
const pass = (stage: RunStage, seconds: number) =>
  stage.database.transaction(
    [
      "live_run set due_at = due_at - $1 * interval '1 second', expires_at = expires_at - $1 * interval '1 second'",
      "run set delay_until = delay_until - $1 * interval '1 second'",
      "debounce set first_at = first_at - $1 * interval '1 second'",
    ].map((text, index) => ({ name: `pass_${index}`, text: `update ${text}`, values: [seconds] })),
  );

test("a later call pushes the delayed run, and its time to live with it; the first call says what it executes", async (t) => {
  const stage = await runStage(t);
  const first = asking(stage, "1", {}, { ttlS: 10 });
  assert.deepEqual(await stage.insert([first]), [created(first.id)]);
  assert.deepEqual(await times(stage, first.id), [60, 60, 70]);
  await pass(stage, 50);
  const { outcomes, nextDueInMs } = await stage.runs.insert([asking(stage, "2")]);
  assert.deepEqual(outcomes, [joined(first.id)]);
  assert.ok(nextDueInMs !== null && nextDueInMs > 59_000 && nextDueInMs <= 60_000);
  assert.deepEqual(await times(stage, first.id), [60, 60, 70]);
  assert.deepEqual(await payloads(stage), ["1"]);
});

test("the key is of its task, and of its environment", async (t) => {
  const stage = await runStage(t);
  const [one, other, elsewhere] = [
    asking(stage, "1"),
    asking(stage, "2", {}, { taskId: limitedTask }),
    asking(stage, "3", { key: "another" }),
  ];
  assert.deepEqual(
    await stage.insert([one, other, elsewhere]),
    [one, other, elsewhere].map(({ id }) => created(id)),
  );
});

test("a trailing call replaces payload, metadata, tags, attempts, duration and machine, and nothing else", async (t) => {
  const stage = await runStage(t);
  const first = asking(stage, "1", {}, { metadata: "{}", tags: ["first"], queueName: "q", ttlS: 9, priorityS: 2 });
  await stage.insert([first]);
  const all = { metadata: '{"a":1}', tags: ["x", "y"], maxAttempts: 7, maxDurationS: 5, machine: "micro" } as const;
  await stage.insert([
    asking(stage, "2", { mode: "trailing" }, { ...all, payloadType: "application/json", ttlS: 99, queueName: "z" }),
  ]);
  const read = async () =>
    (
      await stage.sql(`
        select r.payload, r.payload_type, r.tags, r.max_attempts, l.max_attempts as attempts, r.max_duration_s, r.machine,
               r.queue_name, r.ttl_s, r.priority_s, (select data from run_metadata) as metadata
        from run r join live_run l on l.run_id = r.id`)
    )[0];
  const kept = { queue_name: "q", ttl_s: 9, priority_s: 2 };
  assert.deepEqual(await read(), {
    ...kept,
    payload: "2",
    payload_type: "application/json",
    tags: ["x", "y"],
    max_attempts: 7,
    attempts: 7,
    max_duration_s: 5,
    machine: "micro",
    metadata: '{"a":1}',
  });
  await stage.insert([asking(stage, "3", { mode: "trailing" })]);
  const bare = { tags: null, max_attempts: null, attempts: 3, max_duration_s: null, machine: null, metadata: null };
  assert.deepEqual(await read(), { ...kept, ...bare, payload: "3", payload_type: "application/super+json" });
});

test("no call brings the run forward, and none puts it off beyond the bound of its own", async (t) => {
  const stage = await runStage(t);
  const first = asking(stage, "1");
  await stage.insert([first]);
  const dueAfter = async (changes: Partial<NewDebounce>) => {
    await stage.insert([asking(stage, "2", changes)]);
    return (await times(stage, first.id))[0];
  };
  assert.equal(await dueAfter({ delayMs: 1_000 }), 60);
  await pass(stage, 50);
  assert.equal(await dueAfter({ maxDelayMs: 90_000 }), 40);
  assert.equal(await dueAfter({ maxDelayMs: 100_000 }), 50);
  assert.equal(await dueAfter({ delayMs: 1_000, maxDelayMs: 2_000 }), 50);
  assert.equal(await dueAfter({}), 60);
});

test("without a bound of its own a run is put off for a day at most, or for its delay", async (t) => {
  const stage = await runStage(t);
  const first = asking(stage, "1");
  await stage.insert([first]);
  await pass(stage, 50);
  await stage.sql("update debounce set first_at = now() - interval '23 hours 59 minutes 30 seconds'");
  await stage.insert([asking(stage, "2")]);
  assert.equal((await times(stage, first.id))[0], 30);
  const twoDays = { key: "long", delayMs: 2 * 24 * 3_600_000 };
  const long = asking(stage, "1", twoDays);
  await stage.insert([long]);
  await pass(stage, 60);
  await stage.insert([asking(stage, "2", twoDays)]);
  assert.equal((await times(stage, long.id))[0], 2 * 24 * 3_600 - 60);
});

test("after it was queued, cancelled, expired or given another time the key makes a new run", async (t) => {
  const stage = await runStage(t);
  const ends: readonly ((runId: string) => Promise<unknown>)[] = [
    async () => {
      await pass(stage, 60);
      await stage.runs.promoteDue();
    },
    (runId) => stage.runs.cancel(stage.environment.id, [runId]),
    async (runId) => {
      await stage.sql("update live_run set expires_at = now() where run_id = $1", [runId]);
      await stage.runs.promoteDue();
    },
    (runId) => stage.runs.reschedule(stage.environment.id, runId, { afterMs: 10_000 }),
  ];
  for (const end of ends) {
    const run = asking(stage, "1", {}, { ttlS: 60 });
    assert.deepEqual(await stage.insert([run]), [created(run.id)]);
    await end(run.id);
    const next = asking(stage, "2");
    assert.deepEqual(await stage.insert([next]), [created(next.id)]);
    await stage.runs.cancel(stage.environment.id, [next.id]);
  }
});

test("an array of calls with one key makes one run, with what the last trailing one says", async (t) => {
  const stage = await runStage(t);
  const calls = Array.from({ length: 500 }, (_, n) =>
    asking(
      stage,
      String(n),
      { mode: n === 499 ? "leading" : "trailing", delayMs: n === 250 ? 90_000 : 60_000 },
      {
        requestKey: `call ${n}`,
        metadata: `{"n":${n}}`,
      },
    ),
  );
  const [leader] = calls;
  assert.ok(leader);
  const expected = calls.map(({ id }) => (id === leader.id ? created(id) : joined(leader.id)));
  assert.deepEqual(await stage.insert(calls), expected);
  assert.deepEqual(await payloads(stage), ["498"]);
  assert.deepEqual(await stage.sql("select data from run_metadata"), [{ data: '{"n":498}' }]);
  assert.deepEqual((await times(stage, leader.id)).slice(0, 2), [90, 90]);
  const again = calls.map((call) => ({ ...call, id: newUuid(), payload: "again" }));
  const found = calls.map((): TriggerOutcome => ({ kind: "found", runId: leader.id, isCached: false }));
  assert.deepEqual(await stage.insert(again), found, "a client's automatic retries find it, and push nothing");
  assert.deepEqual(await payloads(stage), ["498"]);
});

test("an array holds calls of many keys, with and without debounce", async (t) => {
  const stage = await runStage(t);
  const [a, b, plain] = [asking(stage, "a", { key: "a" }), asking(stage, "b", { key: "b" }), stage.newRun()];
  const outcomes = await stage.insert([
    a,
    plain,
    b,
    asking(stage, "a2", { key: "a" }),
    asking(stage, "b2", { key: "b" }),
  ]);
  assert.deepEqual(outcomes, [created(a.id), created(plain.id), created(b.id), joined(a.id), joined(b.id)]);
  assert.equal((await stage.liveRun(plain.id))?.state, "queued");
});

test("many callers on many connections make one run", async (t) => {
  const stage = await runStage(t);
  const arrays = Array.from({ length: 20 }, (_, n) =>
    stage.insert(
      (n % 2 === 0 ? ["a", "b", "c"] : ["c", "b", "a"]).map((key) =>
        asking(stage, String(n), { key, mode: "trailing" }),
      ),
    ),
  );
  const outcomes = (await Promise.all(arrays)).flat();
  assert.equal(outcomes.filter(({ kind }) => kind === "created").length, 3);
  assert.equal(new Set(outcomes.map((outcome) => outcome.kind !== "refused" && outcome.runId)).size, 3);
});

test("an idempotency key beats the debounce, and the key of a call that joins leads to the shared run", async (t) => {
  const stage = await runStage(t);
  const key = (name: string) => ({ key: name, lifeS: 600, source: null, scope: null });
  const keyed = (name: string, payload: string) =>
    asking(stage, payload, { mode: "trailing" }, { idempotency: key(name) });
  const first = keyed("one", "1");
  const second = keyed("two", "2");
  assert.deepEqual(await stage.insert([first, second]), [created(first.id), joined(first.id)]);
  assert.deepEqual(await stage.insert([keyed("two", "again")]), [joined(first.id)]);
  assert.deepEqual(await payloads(stage), ["2"], "a repeated call changes nothing");
  await pass(stage, 60);
  await stage.runs.promoteDue();
  assert.deepEqual(await stage.insert([keyed("two", "later")]), [joined(first.id)], "after the run was queued, too");
  const [claim] = await stage.claim();
  assert.ok(claim);
  const error = { type: "STRING_ERROR", raw: "no" } as const;
  const failure = { error, outcome: "failed", durationMs: 1, retryDelayMs: null, isRetriedInPlace: false } as const;
  await stage.settle({ failed: [{ runId: claim.runId, fence: claim.fence, ...failure }] });
  const anew = keyed("two", "anew");
  assert.deepEqual(await stage.insert([anew]), [created(anew.id)], "a failed run keeps nobody from another try");
});

test("a refused call neither makes nor pushes a run", async (t) => {
  const stage = await runStage(t);
  const parent = await stage.executing();
  const claim = { hostId: stage.hostId, fence: parent.fence + 1 };
  const lost = { parent: { runId: parent.runId, claim, wait: null } };
  const reason = { kind: "refused", reason: { kind: "lost_claim" } } as const;
  assert.deepEqual(await stage.insert([asking(stage, "lost", { mode: "trailing" }, lost)]), [reason]);
  const first = asking(stage, "1");
  await stage.insert([first]);
  await pass(stage, 30);
  const unknown = asking(stage, "unknown", { mode: "trailing" }, { lockToVersion: "20000101.1" });
  const outcomes = await stage.insert([asking(stage, "lost", { mode: "trailing" }, lost), unknown]);
  assert.deepEqual(outcomes, [reason, { kind: "refused", reason: { kind: "unknown_version", label: "20000101.1" } }]);
  assert.deepEqual([(await times(stage, first.id))[0], await payloads(stage)], [30, ['{"json":{"n":1}}', "1"]]);
});

test("parents wait for the run that they share", async (t) => {
  const stage = await runStage(t);
  const parents = [await stage.executing(), await stage.executing(), await stage.executing()];
  const child = (n: number) => {
    const { runId = "", fence = 0 } = parents[n] ?? {};
    const parent = { runId, claim: { hostId: stage.hostId, fence }, wait: "run#1" };
    return asking(stage, String(n), { mode: "trailing" }, { parent, triggerFunction: "triggerAndWait" });
  };
  const first = child(0);
  assert.deepEqual(await stage.insert([first, child(1)]), [created(first.id), joined(first.id)]);
  assert.deepEqual(await stage.insert([child(2)]), [joined(first.id)]);
  assert.deepEqual(
    await stage.insert([child(1)]),
    [{ kind: "found", runId: first.id, isCached: false }],
    "the same wait",
  );
  assert.deepEqual(await payloads(stage).then((all) => all.at(-1)), "2");
  const waits = await stage.sql("select run_id, waitpoint_id from run_wait");
  assert.deepEqual(new Set(waits.map((row) => row.run_id)), new Set(parents.map(({ runId }) => runId)));
  assert.deepEqual(new Set(waits.map((row) => row.waitpoint_id)), new Set([first.id]));
  assert.equal((await stage.liveRun(first.id))?.is_awaited, true);
  await stage.runs.cancel(stage.environment.id, [first.id]);
  const [{ open } = {}] = await stage.sql(
    "select count(*) filter (where completed_at is null)::int as open from waitpoint",
  );
  assert.equal(open, 0);
});

test("the run of an ordinary call is waited for by a parent that joins it later", async (t) => {
  const stage = await runStage(t);
  const claim = await stage.executing();
  const first = asking(stage, "1");
  await stage.insert([first]);
  const parent = { runId: claim.runId, claim: { hostId: stage.hostId, fence: claim.fence }, wait: "run#1" };
  await stage.insert([asking(stage, "2", {}, { parent, triggerFunction: "triggerAndWait" })]);
  assert.equal((await stage.liveRun(first.id))?.is_awaited, true);
});

test("items of batches lead to the run that they share", async (t) => {
  const stage = await runStage(t);
  const batches = [newUuid(), newUuid()];
  for (const id of batches) {
    await stage.sql("insert into batch (environment_id, id, run_count) values ($1, $2, 2)", [stage.environment.id, id]);
  }
  const item = (n: number, batchIndex: number) =>
    asking(
      stage,
      `${n}.${batchIndex}`,
      { mode: "trailing" },
      {
        batchId: batches[n] ?? null,
        batchIndex,
        triggerFunction: "batchTrigger",
      },
    );
  const first = item(0, 0);
  assert.deepEqual(await stage.insert([first, item(0, 1)]), [created(first.id), joined(first.id)]);
  assert.deepEqual(await stage.insert([item(1, 0), item(1, 1)]), [joined(first.id), joined(first.id)]);
  const again = { kind: "found", runId: first.id, isCached: false };
  assert.deepEqual(await stage.insert([item(1, 0)]), [again], "an item that comes twice pushes nothing");
  assert.deepEqual(await payloads(stage), ["1.1"]);
  const places = await stage.sql("select run_id from batch_item");
  assert.deepEqual(places, Array(4).fill({ run_id: first.id }));
});

test("a run that waits for a version is pushed, too, and has its time when the version comes", async (t) => {
  const stage = await runStage(t);
  const unknown = { taskId: "unknown", ttlS: 10 };
  const first = asking(stage, "1", {}, unknown);
  await stage.insert([first]);
  assert.equal((await stage.liveRun(first.id))?.state, "pending_version");
  await pass(stage, 40);
  assert.deepEqual(await stage.insert([asking(stage, "2", { mode: "trailing" }, { ...unknown, maxAttempts: 9 })]), [
    joined(first.id),
  ]);
  await createVersionStore(stage.database).register(stage.environment.id, {
    contentHash: "with-unknown",
    processKeepAlive: true,
    tasks: [plainTask, "unknown"].map((id) => ({
      id,
      filePath: "a.ts",
      queue: { name: `task/${id}` },
      retry: defaultRetryPolicy,
    })),
  });
  await stage.runs.promotePending(stage.environment.id);
  assert.deepEqual(await times(stage, first.id), [60, 60, 70]);
  const live = await stage.liveRun(first.id);
  assert.deepEqual([live?.state, live?.max_attempts, await payloads(stage)], ["delayed", 9, ["2"]]);
  assert.deepEqual(await stage.insert([asking(stage, "3", {}, unknown)]), [joined(first.id)]);
});
