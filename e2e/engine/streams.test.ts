import assert from "node:assert/strict";
import { test } from "node:test";
import {
  auth,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RunContextError,
  runs,
  streams,
  tasks,
} from "@pawl/sdk";
import {
  approval,
  type handlesInput,
  type hearsInput,
  type mixesInput,
  type pipesAndReturns,
  type pipesForever,
  type pipesWords,
  stamps,
  type stampsChunks,
  tokens,
  type waitsForInput,
  type writesAbove,
  type writesBadly,
  type writesStreams,
  type writesTwice,
} from "../projects/engine/trigger/streams.ts";
import { type EngineStage, ended, openEngine, outputOf, untilStatus } from "../stage/engine.ts";
import { killServer } from "../stage/platform.ts";
import { startSecondServer } from "../stage/second-server.ts";

const words = (count: number) => Array.from({ length: count }, (_, index) => `word ${index}`);

async function all<T>(stream: Promise<AsyncIterable<T>>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of await stream) values.push(value);
  return values;
}

test("what runs give is read while it comes", async (t) => {
  const engine = await openEngine(t);

  await t.test("a source that is piped comes whole and in order, to those who are early and late", async () => {
    const gate = engine.gate("middle");
    const handle = await tasks.trigger<typeof pipesWords>("pipes-words", { count: 300, gate });
    const early = all(tokens.read(handle.id));
    for await (const word of await tokens.read(handle.id)) if (word === "word 149") break;
    await engine.open("middle");
    assert.deepEqual(await early, words(300));
    assert.deepEqual(await outputOf(handle), { seen: 300, lastEventId: "299" });
    assert.deepEqual(await all(tokens.read(handle.id)), words(300));
    assert.deepEqual(await all(tokens.read(handle.id, { startIndex: 298 })), ["word 298", "word 299"]);
    assert.deepEqual(await all(tokens.read(handle.id, { lastEventId: "298" })), ["word 299"]);
    assert.deepEqual(await all(tokens.read(handle.id, { from: "latest" })), []);
    assert.deepEqual((await runs.retrieve(handle.id)).realtimeStreams, ["tokens"]);
  });

  await t.test("an attempt ends when all that it pipes is stored", async () => {
    const handle = await tasks.trigger<typeof pipesAndReturns>("pipes-and-returns", { count: 2_000 });
    assert.deepEqual(await all(tokens.read(handle.id)), words(2_000));
    assert.equal(await outputOf(handle), "returned");
  });

  await t.test("a run that is cancelled pipes no further, and what it has read stays", async () => {
    const handle = await tasks.trigger<typeof pipesForever>("pipes-forever", undefined);
    const read: string[] = [];
    for await (const chunk of await tokens.read(handle.id)) if (read.push(chunk) === 5) await runs.cancel(handle.id);
    assert.deepEqual(
      read,
      Array.from(read, (_, index) => `${index}`),
    );
    assert.equal((await ended(handle)).status, "CANCELED");
  });

  await t.test("every way of writing, with a key and without", async () => {
    const chunks = ["text", 1, null, false, { nested: [1, { a: "\n\u0000" }] }, []];
    const handle = await tasks.trigger<typeof writesStreams>("writes-streams", { chunks });
    await outputOf(handle);
    assert.deepEqual(await all(streams.read(handle.id, "mixed")), chunks);
    assert.deepEqual(await all(streams.read(handle.id)), ["to the default stream"]);
    assert.deepEqual((await all(streams.read<string>(handle.id, "written"))).sort(), [
      "first",
      "last",
      "word 0",
      "word 1",
    ]);
    assert.deepEqual((await runs.retrieve(handle.id)).realtimeStreams, ["mixed", "default", "written"]);
  });

  await t.test("a run writes to its parent and to its root, and anybody to a run that he names", async () => {
    const handle = await tasks.trigger<typeof writesAbove>("writes-above", { depth: 2 });
    await ended(handle);
    assert.deepEqual(await all(tokens.read(handle.id)), ["to the root"]);
    const { relatedRuns } = await runs.retrieve(handle.id);
    const child = relatedRuns.children[0]?.id ?? "";
    assert.deepEqual(await all(tokens.read(child)), ["to the parent"]);
    const delayed = await tasks.trigger("echo", 1, { delay: "1h" });
    await tokens.append("from outside", { target: delayed.id });
    await tokens.pipe(ReadableStream.from(["and", "more"]), { target: delayed.id }).waitUntilComplete();
    await runs.cancel(delayed.id);
    assert.deepEqual(await all(tokens.read(delayed.id)), ["from outside", "and", "more"]);
    await assert.rejects(tokens.append("late", { target: delayed.id }), BadRequestError);
    await assert.rejects(tokens.append("nowhere"), RunContextError);
    assert.throws(() => tokens.pipe(ReadableStream.from(["x"])), /pass \{ target: "run_…" \}/);
  });

  await t.test("an attempt that follows a failure goes on with the same stream", async () => {
    const handle = await tasks.trigger<typeof writesTwice>("writes-twice", {});
    assert.deepEqual(await all(tokens.read(handle.id)), ["attempt 1", "attempt 2"]);
  });

  await t.test("what can't be written is told where it was written, and what came before stays", async () => {
    const handle = await tasks.trigger<typeof writesBadly>("writes-badly", undefined);
    assert.deepEqual(await outputOf(handle), [
      "PayloadError",
      "PayloadError",
      "TriggerApiError",
      "RangeError",
      "RangeError",
    ]);
    assert.deepEqual(await all(streams.read(handle.id, "y")), ["before"]);
    assert.deepEqual(await all(streams.read(handle.id, "z")), ["before"]);
  });

  await t.test("a run is followed with its streams", async () => {
    const gate = engine.gate("followed");
    const handle = await tasks.trigger<typeof pipesWords>("pipes-words", { count: 10, gate });
    const chunks: string[] = [];
    const statuses = new Set<string>();
    for await (const news of runs.subscribeToRun<typeof pipesWords>(handle.id).withStreams<{ tokens: string }>()) {
      if (news.type === "tokens") chunks.push(news.chunk);
      else statuses.add(news.run.status);
      if (chunks.length === 5) await engine.open("followed");
    }
    assert.deepEqual(chunks, words(10));
    assert.ok(statuses.has("COMPLETED"));
  });

  await t.test("a reader ends when nothing comes, when he says so, and is refused what he may not read", async () => {
    const gate = engine.gate("never");
    const handle = await tasks.trigger<typeof pipesWords>("pipes-words", { count: 10, gate });
    assert.deepEqual(await all(tokens.read(handle.id, { timeoutInSeconds: 3 })), words(5));
    const ending = new AbortController();
    const places: string[] = [];
    const onPart = ({ id, index, timestamp }: { id: string; index: number; timestamp: number }) => {
      places.push(`${id} ${index} ${Math.abs(timestamp - Date.now()) < 60_000}`);
      if (index === 1) ending.abort();
    };
    assert.deepEqual(await all(tokens.read(handle.id, { signal: ending.signal, onPart })), words(2));
    assert.deepEqual(places, ["0 0 true", "1 1 true"]);
    const other = await auth.createPublicToken({ scopes: { read: { runs: "run_other" } } });
    const own = await auth.createPublicToken({ scopes: { read: { runs: handle.id } } });
    const readFirst = async () => {
      for await (const word of await tokens.read(handle.id)) return word;
      return null;
    };
    await assert.rejects(auth.withAuth({ accessToken: other }, readFirst), PermissionDeniedError);
    assert.equal(await auth.withAuth({ accessToken: own }, readFirst), "word 0");
    await assert.rejects(all(tokens.read("run_000000000000000000000")), NotFoundError);
    await engine.open("never");
  });

  await t.test("a hundred readers of one run all get everything", async () => {
    const gate = engine.gate("hundred");
    const handle = await tasks.trigger<typeof pipesWords>("pipes-words", { count: 200, gate });
    const reading = Array.from({ length: 100 }, () => all(tokens.read(handle.id)));
    await untilStatus(handle, "EXECUTING");
    await engine.open("hundred");
    for (const read of await Promise.all(reading)) assert.deepEqual(read, words(200));
  });

  await t.test("how soon a chunk arrives", async (t) => {
    const handle = await tasks.trigger<typeof stampsChunks>("stamps-chunks", { count: 200, everyMs: 10 });
    const latenciesMs: number[] = [];
    for await (const { atMs } of await stamps.read(handle.id)) {
      latenciesMs.push(performance.timeOrigin + performance.now() - atMs);
    }
    assert.equal(latenciesMs.length, 200);
    const sorted = latenciesMs.toSorted((a, b) => a - b);
    t.diagnostic(`from its making to the loop: p50 ${sorted[100]?.toFixed(1)} ms, p99 ${sorted[197]?.toFixed(1)} ms`);
  });

  await t.test("nothing is missed and nothing comes twice while the server restarts in the middle", async () => {
    const handle = await tasks.trigger<typeof stampsChunks>("stamps-chunks", { count: 300, everyMs: 20 });
    const seen: number[] = [];
    let restart: Promise<unknown> | null = null;
    for await (const { n } of await stamps.read(handle.id)) {
      seen.push(n);
      if (n === 50) restart = killServer(engine.stage, engine.server).then((start) => start());
    }
    await restart;
    assert.deepEqual(
      seen,
      Array.from({ length: 300 }, (_, index) => index),
    );
    assert.ok((await ended(handle)).isSuccess);
  });
});

test("what is sent to runs reaches their code", async (t) => {
  const engine = await openEngine(t, { worker: { processes: 2 } });
  const send = (run: { readonly id: string }, ...by: readonly string[]) =>
    Promise.all(by.map((one) => approval.send(run.id, { approved: false, by: one })));

  await t.test("a wait gives the slot back, and goes on with the record", async () => {
    const handle = await tasks.trigger<typeof waitsForInput>("waits-for-input", { count: 2 });
    await untilStatus(handle, "WAITING");
    await approval.send(handle.id, { approved: false, by: "ada" });
    await engine.untilMark(handle, "waits 1");
    await untilStatus(handle, "WAITING");
    await approval.send(handle.id, { approved: true, by: "grace" });
    assert.deepEqual(await outputOf(handle), [
      { approved: false, by: "ada" },
      { approved: true, by: "grace" },
    ]);
  });

  await t.test("records that came before count, also for the next attempt", async () => {
    const handle = await tasks.trigger<typeof waitsForInput>(
      "waits-for-input",
      { count: 2, failsOnce: true },
      { delay: "1s" },
    );
    await approval.send(handle.id, { approved: true, by: "ada" });
    await approval.send(handle.id, { approved: true, by: "grace" });
    assert.deepEqual(await outputOf(handle), [
      { approved: true, by: "ada" },
      { approved: true, by: "grace" },
    ]);
    assert.equal((await runs.retrieve(handle.id)).attemptCount, 2);
  });

  await t.test("a wait that times out leaves the record to the next", async () => {
    const handle = await tasks.trigger<typeof waitsForInput>("waits-for-input", { count: 2, timeout: "2s" });
    await engine.untilMark(handle, "waits 1");
    await approval.send(handle.id, { approved: true });
    assert.deepEqual(await outputOf(handle), ["WaitpointTimeoutError", { approved: true }]);
  });

  await t.test("records that are awaited in place, with a handler beside, and one that does not come", async () => {
    const handle = await tasks.trigger<typeof hearsInput>("hears-input", { timeoutMs: 300 });
    await engine.untilMark(handle, "listens");
    await send(handle, "a");
    await engine.untilMark(handle, "handles");
    for (const by of ["b", "c"]) await send(handle, by);
    const got = await outputOf(handle);
    assert.equal(got.early, "nothing");
    assert.deepEqual([got.first.by, got.second.by, got.third.by], ["a", "b", "c"]);
    assert.deepEqual(got.heard, [
      { approved: false, by: "b" },
      { approved: false, by: "c" },
    ]);
    assert.deepEqual([got.late, got.aborted], ["InputStreamTimeoutError", "given up"]);
  });

  await t.test("a handler gets what came before it, and is gone with its run", async () => {
    const handle = await tasks.trigger<typeof handlesInput>("handles-input", {}, { delay: "1s" });
    await send(handle, "early");
    await engine.untilMark(handle, "handles");
    await approval.send(handle.id, { approved: true });
    assert.deepEqual(await outputOf(handle), [{ approved: false, by: "early" }, { approved: true }]);
    await assert.rejects(send(handle, "late"), BadRequestError);
  });

  await t.test("every way of taking records together: none is lost, none is taken twice", async () => {
    const handle = await tasks.trigger<typeof mixesInput>("mixes-input", {});
    for (const by of ["1", "2", "3", "4", "5"]) await send(handle, by);
    await engine.untilMark(handle, "idle");
    await engine.untilMark(handle, "suspends");
    await untilStatus(handle, "WAITING");
    await send(handle, "6");
    const { outputs, steps, none } = await outputOf(handle);
    assert.deepEqual(
      outputs.map((one) => one !== false && one.by),
      ["1", "2", "3", "4", "5", "6"],
    );
    assert.deepEqual([steps, none], [["suspend", "resume"], "WaitpointTimeoutError"]);
  });

  await t.test("a run whose process is killed while it waits goes on with what it had", async () => {
    const handle = await tasks.trigger<typeof waitsForInput>("waits-for-input", { count: 2 });
    await send(handle, "1");
    const { pid } = await engine.untilMark(handle, "waits 1");
    await untilStatus(handle, "WAITING");
    process.kill(pid, "SIGKILL");
    await send(handle, "2");
    assert.deepEqual(await outputOf(handle), [
      { approved: false, by: "1" },
      { approved: false, by: "2" },
    ]);
  });

  await t.test("who holds a run's own token may send to it, and to no other", async () => {
    const handle = await tasks.trigger<typeof waitsForInput>("waits-for-input", {});
    const other = await tasks.trigger("echo", 1, { delay: "1h" });
    await auth.withAuth({ accessToken: handle.publicAccessToken ?? "" }, async () => {
      await assert.rejects(approval.send(other.id, { approved: true }), PermissionDeniedError);
      await approval.send(handle.id, { approved: true });
    });
    assert.deepEqual(await outputOf(handle), [{ approved: true }]);
    await runs.cancel(other.id);
  });

  assert.throws(() => approval.on(() => {}), RunContextError);
  await assert.rejects(approval.once(), RunContextError);
  await assert.rejects(approval.wait(), RunContextError);
});

test("a reader at one server gets what comes through another", async (t) => {
  const engine: EngineStage = await openEngine(t, { worker: null });
  const [one, other] = [await startSecondServer(engine), await startSecondServer(engine, "third")];
  await engine.startWorker({ server: one });
  const via = <T>(server: typeof one, body: () => Promise<T>) =>
    auth.withAuth({ accessToken: server.secretKey, baseURL: server.apiUrl }, body);
  const chunks = { count: 200, everyMs: 10 };
  const handle = await via(one, () => tasks.trigger<typeof stampsChunks>("stamps-chunks", chunks));
  const latenciesMs: number[] = [];
  await via(other, async () => {
    let next = 0;
    for await (const { n, atMs } of await stamps.read(handle.id)) {
      assert.equal(n, next++);
      latenciesMs.push(performance.timeOrigin + performance.now() - atMs);
    }
  });
  assert.equal(latenciesMs.length, 200);
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  t.diagnostic(`through another server: p50 ${sorted[100]?.toFixed(1)} ms, p99 ${sorted[197]?.toFixed(1)} ms`);
  const waiting = await via(one, () => tasks.trigger<typeof waitsForInput>("waits-for-input", {}));
  await untilStatus(waiting, "WAITING");
  await via(other, () => approval.send(waiting.id, { approved: true }));
  assert.deepEqual(await outputOf(waiting), [{ approved: true }]);
});
