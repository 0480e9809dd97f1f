import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { holdLock, untilBlocked } from "@pawl/testkit";
import { maxStreamBytes, maxStreams } from "../../engine/stream-ports.ts";
import { createHousekeeping } from "../housekeeping.ts";
import { lowestUuidAt } from "../partitions.ts";
import { streamStage } from "./fixtures/stream-stage.ts";

test("chunks are numbered from 0, over appends of one array and of several", async (t) => {
  const stage = await streamStage(t);
  const { runId } = await stage.executing();
  const [tokens, steps] = [stage.output(runId), stage.output(runId, "steps")];
  await stage.append(tokens, ['"a"', '"b"']);
  const { outcomes } = await stage.streams.append(stage.environment.id, [
    { ...tokens, chunks: ['"c"'], writer: null },
    { ...steps, chunks: ["1", "2"], writer: null },
    { ...tokens, chunks: ['"d"', '"e"'], writer: null },
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.kind === "appended" && outcome.records.map(({ seq, data }) => [seq, data])),
    [
      [[2, '"c"']],
      [
        [0, "1"],
        [1, "2"],
      ],
      [
        [3, '"d"'],
        [4, '"e"'],
      ],
    ],
  );
  assert.deepEqual(await stage.chunks(tokens), ['"a"', '"b"', '"c"', '"d"', '"e"']);
  assert.equal(await stage.streamReader.count(steps), 2);
  assert.deepEqual(
    (await stage.streamReader.read(tokens, 2)).map(({ seq }) => seq),
    [3, 4],
  );
});

test("many appends on many connections leave no gap and store each chunk once", async (t) => {
  const stage = await streamStage(t);
  const { runId } = await stage.executing();
  const ref = stage.output(runId);
  await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      stage.append(ref, [`${index}`, `${index}.5`], {
        clientId: `w${index % 20}`,
        firstIndex: 2 * Math.floor(index / 20),
      }),
    ),
  );
  const chunks = await stage.chunks(ref);
  // A writer whose second append came before its first counts that one as sent.
  assert.equal(new Set(chunks).size, chunks.length);
  assert.ok(chunks.length >= 40 && chunks.length % 2 === 0, `${chunks.length}`);
});

test("what a writer sends again is stored once, also beside what is new", async (t) => {
  const stage = await streamStage(t);
  const { runId } = await stage.executing();
  const ref = stage.output(runId);
  const writer = (firstIndex: number, clientId = "w1") => ({ clientId, firstIndex });
  await stage.append(ref, ["0", "1", "2"], writer(0));
  assert.equal(await stage.streamReader.writtenBy(ref, "w1"), 3);
  const again = await stage.append(ref, ["1", "2", "3"], writer(1));
  assert.deepEqual(again.kind === "appended" && again.records.map(({ seq, data }) => [seq, data]), [[3, "3"]]);
  const { outcomes } = await stage.streams.append(stage.environment.id, [
    { ...ref, chunks: ["4", "5"], writer: writer(4) },
    { ...ref, chunks: ["5", "6"], writer: writer(5) }, // of a connection that came after one was given up
    { ...ref, chunks: ["0"], writer: writer(0, "w2") },
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.kind === "appended" && outcome.records.length),
    [2, 1, 1],
  );
  assert.deepEqual(await stage.chunks(ref), ["0", "1", "2", "3", "4", "5", "6", "0"]);
  assert.equal(await stage.streamReader.writtenBy(ref, "w3"), 0);
});

test("a run that is over takes nothing, and one that is not known neither", async (t) => {
  const stage = await streamStage(t);
  const claim = await stage.executing();
  await stage.append(stage.output(claim.runId), ["1"]);
  await stage.complete(claim);
  for (const ref of [stage.output(claim.runId), stage.output(newUuid())]) {
    assert.deepEqual(await stage.append(ref, ["2"]), { kind: "run_over" });
    assert.equal(await stage.streams.create(ref), "run_over");
  }
  assert.deepEqual(await stage.append(stage.input(claim.runId), ["2"]), { kind: "run_over" });
  assert.deepEqual(await stage.chunks(stage.output(claim.runId)), ["1"]);
});

test("a run can't end while chunks of it are stored, and takes none afterwards", async (t) => {
  const stage = await streamStage(t);
  const claim = await stage.executing();
  const ref = stage.output(claim.runId);
  await stage.append(ref, ["1"]);
  const held = await holdLock(stage.database, `select from live_run where run_id = '${claim.runId}' for key share`);
  const ending = stage.complete(claim);
  await untilBlocked(stage.database);
  const appending = stage.append(ref, ["2"]); // comes while the end waits
  await held.release();
  await ending;
  const { kind } = await appending;
  assert.deepEqual(await stage.chunks(ref), kind === "appended" ? ["1", "2"] : ["1"]);
  assert.deepEqual(await stage.append(ref, ["3"]), { kind: "run_over" });
});

test("a run has a limited number of streams", async (t) => {
  const stage = await streamStage(t);
  const { runId } = await stage.executing();
  for (let i = 0; i < maxStreams; i++) assert.equal(await stage.streams.create(stage.output(runId, `s${i}`)), "made");
  assert.equal(await stage.streams.create(stage.output(runId, "more")), "too_many_streams");
  assert.deepEqual(await stage.append(stage.output(runId, "more"), ["1"]), { kind: "too_many_streams" });
  assert.equal(await stage.streams.create(stage.output(runId, "s1")), "made");
});

test("a stream that is full keeps what it has", async (t) => {
  const stage = await streamStage(t);
  const { runId } = await stage.executing();
  const ref = stage.output(runId);
  await stage.append(ref, ["1"]);
  await stage.database.query({
    name: "fill",
    text: "update stream set byte_count = $1::bigint",
    values: [maxStreamBytes - 3],
  });
  const outcome = await stage.append(ref, ["23", "45", "6"], { clientId: "w", firstIndex: 0 });
  assert.deepEqual(outcome.kind === "full" && outcome.records.map(({ data }) => data), ["23"]);
  assert.equal(await stage.streamReader.writtenBy(ref, "w"), 1);
  await stage.database.query({ name: "unfill", text: "update stream set byte_count = 3", values: [] });
});

test("a read gives about a megabyte, and at least one chunk", async (t) => {
  const stage = await streamStage(t);
  const { runId } = await stage.executing();
  const ref = stage.output(runId);
  const long = JSON.stringify("x".repeat(700_000));
  await stage.append(ref, [long, long, long]);
  assert.equal((await stage.streamReader.read(ref, -1)).length, 2);
  assert.equal((await stage.streamReader.read(ref, 1)).length, 1);
  assert.equal((await stage.streamReader.read(ref, 2)).length, 0);
});

test("a record completes the token that waits for it, whichever comes first", async (t) => {
  const stage = await streamStage(t);
  const claim = await stage.executing();
  const ref = stage.input(claim.runId);
  const wait = { ...ref, timeout: null, tags: [], idempotency: null };
  const first = await stage.streams.createInputWait({ ...wait, seq: 0 });
  const second = await stage.streams.createInputWait({ ...wait, seq: 1 });
  assert.ok(first.kind === "made" && second.kind === "made");
  await stage.open(claim, "input#1", { kind: "join", waitpointId: first.waitpointId });
  await stage.suspend(claim, "input#1");
  assert.equal(await stage.state(claim.runId), "waiting");
  const { hasResumed } = await stage.streams.append(stage.environment.id, [
    { ...ref, chunks: ['{"approved":true}'], writer: null },
  ]);
  assert.ok(hasResumed);
  assert.equal(await stage.state(claim.runId), "resuming");
  const token = await stage.waits.retrieveToken(stage.environment.id, first.waitpointId);
  assert.deepEqual(
    [token?.status, token?.output, token?.outputType],
    ["COMPLETED", '{"approved":true}', "application/json"],
  );
  assert.equal((await stage.waits.retrieveToken(stage.environment.id, second.waitpointId))?.status, "WAITING");
  const late = await stage.streams.createInputWait({ ...wait, seq: 0 });
  assert.ok(late.kind === "made");
  assert.equal((await stage.waits.retrieveToken(stage.environment.id, late.waitpointId))?.status, "COMPLETED");
});

test("records and waits for them that meet on many connections all find each other", async (t) => {
  const stage = await streamStage(t);
  const { runId } = await stage.executing();
  const ref = stage.input(runId);
  const made = await Promise.all(
    Array.from({ length: 20 }, async (_, seq) => {
      const [wait] = await Promise.all([
        stage.streams.createInputWait({ ...ref, seq, timeout: null, tags: [], idempotency: null }),
        stage.append(ref, [`${seq}`]),
      ]);
      assert.ok(wait.kind === "made");
      return wait.waitpointId;
    }),
  );
  for (const id of made) {
    assert.equal((await stage.waits.retrieveToken(stage.environment.id, id))?.status, "COMPLETED");
  }
});

test("an idempotency key finds the wait that was made with it", async (t) => {
  const stage = await streamStage(t);
  const { runId } = await stage.executing();
  const wait = {
    ...stage.input(runId),
    seq: 0,
    timeout: { afterMs: 60_000 },
    tags: ["a"],
    idempotency: { key: "k", lifeS: 60 },
  };
  const first = await stage.streams.createInputWait(wait);
  const again = await stage.streams.createInputWait(wait);
  assert.ok(first.kind === "made" && again.kind === "made");
  assert.deepEqual([first.isCached, again.isCached], [false, true]);
  assert.equal(first.waitpointId, again.waitpointId);
  assert.ok((first.nextDueInMs ?? 0) > 50_000);
});

test("streams are forgotten with their week, unless their run goes on", async (t) => {
  const stage = await streamStage(t);
  const claim = await stage.executing();
  const ref = stage.output(claim.runId);
  await stage.append(ref, ["1"], { clientId: "w", firstIndex: 0 });
  const now = new Date(Date.now() + 60 * 24 * 3_600_000);
  const housekeeping = createHousekeeping({
    database: stage.database,
    now: () => now,
    onError: (error) => assert.fail(String(error)),
  });
  await housekeeping.runOnce();
  assert.deepEqual(await stage.chunks(ref), ["1"]);
  await stage.complete(claim);
  await housekeeping.runOnce();
  assert.deepEqual(await stage.chunks(ref), []);
  const [left] = await stage.database.query({
    name: "left",
    text: "select count(*)::int as count from pg_inherits where inhparent = 'stream_chunk'::regclass and inhrelid::regclass::text < $1",
    values: [
      `stream_chunk_${new Date(now.getTime() - 35 * 24 * 3_600_000).toISOString().slice(0, 10).replaceAll("-", "")}`,
    ],
  });
  assert.equal(left?.count, 0);
  assert.ok(lowestUuidAt(now.getTime()) > claim.runId);
});
