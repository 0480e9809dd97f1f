import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { type RunCell, runtime } from "@pawl/sdk/runtime";
import { child, childIsDone, ExecutorUnderTest, thisRun, waits } from "../fixtures/executor-under-test.ts";
import { Parking } from "./parking.ts";

// When a run waits, and for what: what its code awaits, in what way, and what it does beside.

test("waits of one turn are awaited together, after they were opened", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(() => Promise.all([child("a"), child("b"), waits()]));
  assert.deepEqual(await host.untilAwaits(run), ["a#1", "b#1", "time#1"]);
  const kinds = host.messages.map((message) => (message.kind === "call" ? message.body.request.kind : message.kind));
  assert.deepEqual(kinds, ["trigger", "trigger", "time", "parked", "await"]);
  host.resume(run, ["b#1", childIsDone("B")], "time#1", ["a#1", childIsDone("A")]);
  assert.deepEqual(await host.outputOf(run), ["A", "B", "time#1"]);
  assert.equal(host.parkedCount(run), 1);
});

test("Promise.all: what is left is awaited again at once", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(() => Promise.all([child("a"), child("b"), child("c")]));
  await host.untilAwaits(run);
  host.resume(run, ["b#1", childIsDone("B")]);
  await nextTurn();
  await nextTurn();
  assert.deepEqual(host.awaitsOf(run)[1], ["a#1", "c#1"]);
  host.resume(run, ["a#1", childIsDone("A")]);
  assert.deepEqual(await host.untilAwaits(run, 3), ["c#1"]);
  assert.equal(host.parkedCount(run), 3);
  host.resume(run, ["c#1", childIsDone("C")]);
  assert.deepEqual(await host.outputOf(run), ["A", "B", "C"]);
});

test("a mapper that goes on after each wait parks at once, too", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(() =>
    Promise.all(
      ["a", "b"].map(async (name) => {
        const output = await child(name);
        thisRun().log({ level: "info", message: name, atMs: 0, isContextLost: false }); // no work
        return await Promise.resolve(`${output}!`);
      }),
    ),
  );
  await host.untilAwaits(run);
  const before = performance.now();
  host.resume(run, ["a#1", childIsDone("A")]);
  assert.deepEqual(await host.untilAwaits(run, 2), ["b#1"]);
  assert.ok(performance.now() - before < 40);
  host.resume(run, ["b#1", childIsDone("B")]);
  assert.deepEqual(await host.outputOf(run), ["A!", "B!"]);
});

test("allSettled, any and race end with the waits that they need; losers are forgotten", async () => {
  const host = new ExecutorUnderTest();
  const settled = host.begin(() => Promise.allSettled([child("a"), waits()]));
  await host.untilAwaits(settled);
  host.resume(settled, "time#1");
  assert.deepEqual(await host.untilAwaits(settled, 2), ["a#1"]);
  host.resume(settled, ["a#1", childIsDone("A")]);
  assert.equal(((await host.outputOf(settled)) as unknown[]).length, 2);
  for (const combine of [Promise.any.bind(Promise), Promise.race.bind(Promise)]) {
    const run = host.begin(() => combine([child("slow"), child("fast")]));
    await host.untilAwaits(run);
    host.resume(run, ["fast#1", childIsDone("fast")]);
    assert.equal(await host.outputOf(run), "fast");
    host.resume(run, ["slow#1", childIsDone("slow")]); // crossed the end
    assert.equal(host.awaitsOf(run).length, 1);
  }
});

test("code that goes on to another wait after a race awaits both", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(async () => {
    await Promise.race([waits("long"), waits("short")]);
    return await waits("next");
  });
  assert.deepEqual(await host.untilAwaits(run), ["long#1", "short#1"]);
  host.resume(run, "short#1");
  assert.deepEqual(await host.untilAwaits(run, 2), ["long#1", "next#1"]);
  host.resume(run, "long#1");
  assert.deepEqual(await host.untilAwaits(run, 3), ["next#1"]);
  host.resume(run, "next#1");
  assert.equal(await host.outputOf(run), "next#1");
});

test("nested combinators, each with a sequence of waits", async () => {
  const host = new ExecutorUnderTest();
  const pair = async (name: string) => [await child(`${name}1`), await child(`${name}2`)];
  const run = host.begin(() => Promise.all([Promise.all([pair("a"), pair("b")]), Promise.race([pair("c"), waits()])]));
  assert.deepEqual(await host.untilAwaits(run), ["a1#1", "b1#1", "c1#1", "time#1"]);
  host.resume(run, ["a1#1", childIsDone("A1")]);
  assert.deepEqual(await host.untilAwaits(run, 2), ["b1#1", "c1#1", "time#1", "a2#1"]);
  host.resume(run, "time#1", ["b1#1", childIsDone("B1")]);
  assert.deepEqual(await host.untilAwaits(run, 3), ["c1#1", "a2#1", "b2#1"]);
  host.resume(run, ["b2#1", childIsDone("B2")], ["a2#1", childIsDone("A2")]);
  const output = [
    [
      ["A1", "A2"],
      ["B1", "B2"],
    ],
    "time#1",
  ];
  assert.deepEqual(await host.outputOf(run), output);
});

test("a sequence: each wait by itself, with keys that count up", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(async () => {
    const keys = [];
    for (let n = 0; n < 5; n++) keys.push(await waits());
    return keys;
  });
  for (let n = 1; n <= 5; n++) {
    assert.deepEqual(await host.untilAwaits(run, n), [`time#${n}`]);
    host.resume(run, `time#${n}`);
  }
  assert.deepEqual(await host.outputOf(run), ["time#1", "time#2", "time#3", "time#4", "time#5"]);
});

test("work that a wait's end begins keeps the slot until it is quiet", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(() =>
    Promise.all([
      waits("other"),
      child("a").then(async () => {
        for (let n = 0; n < 5; n++) await sleep(20);
      }),
    ]),
  );
  await host.untilAwaits(run);
  const before = performance.now();
  host.resume(run, ["a#1", childIsDone("A")]);
  assert.deepEqual(await host.untilAwaits(run, 2), ["other#1"]);
  const tookMs = performance.now() - before;
  assert.ok(tookMs >= 95 && tookMs < 400, `awaited again after ${tookMs} ms`);
  host.resume(run, "other#1");
  await host.outputOf(run);
});

test("a call that is under way counts as work", async () => {
  const host = new ExecutorUnderTest();
  let isAnswered = false;
  host.answerOf = (request) => (request.kind === "token" && !isAnswered ? null : { value: null });
  const run = host.begin(() =>
    Promise.all([waits("other"), child("a").then(() => thisRun().call({ kind: "token", wait: "token#1" }))]),
  );
  await host.untilAwaits(run);
  host.resume(run, ["a#1", childIsDone("A")]);
  await sleep(120);
  assert.equal(host.awaitsOf(run).length, 1);
  isAnswered = true;
  const token = host.of("call").find(({ body }) => body.request.kind === "token");
  host.executor.answer(run, { call: token?.body.call ?? 0, value: null });
  assert.deepEqual(await host.untilAwaits(run, 2), ["other#1"]);
  host.resume(run, "other#1");
  await host.outputOf(run);
});

test("work beside a wait holds no slot, and may await more", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(() =>
    Promise.all([
      waits("a"),
      (async () => {
        await sleep(30);
        await waits("b");
      })(),
    ]),
  );
  assert.deepEqual(await host.untilAwaits(run), ["a#1"]);
  assert.deepEqual(await host.untilAwaits(run, 2), ["a#1", "b#1"]);
  assert.equal(host.parkedCount(run), 1, "it was parked already");
  host.resume(run, "a#1", "b#1");
  await host.outputOf(run);
});

test("work beside a wait may end the run", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(() => Promise.race([waits(), sleep(30, "worked")]));
  assert.equal(await host.outputOf(run), "worked");
  assert.equal(host.parkedCount(run), 1);
});

test("a result that comes before its wait is awaited is kept; one that comes twice is not", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(async () => {
    const active = thisRun();
    const later = active.nextWait("later");
    await active.call({ kind: "time", wait: later, atMs: 0 });
    await waits("first");
    await active.awaitWait(later, { type: "duration", date: new Date(0) });
    return await waits("last");
  });
  assert.deepEqual(await host.untilAwaits(run), ["first#1"]);
  host.resume(run, "first#1", "later#1");
  assert.deepEqual(await host.untilAwaits(run, 2), ["last#1"]);
  host.resume(run, "first#1"); // a suspension that crossed the resume is answered, too
  assert.deepEqual(await host.untilAwaits(run, 3), ["last#1"]);
  host.resume(run, "last#1");
  assert.equal(await host.outputOf(run), "last#1");
});

test("a wait that the server does not open rejects, and the others go on", async () => {
  const host = new ExecutorUnderTest();
  const refusal = { error: { code: "unprocessable", message: "No such queue.", field: "queue" } };
  host.answerOf = (request) => {
    if (request.kind === "trigger") return refusal;
    if (request.kind === "await" && request.waits.includes("bad#1")) {
      return { error: { code: "not_found", message: "No such wait." } };
    }
    return { value: null };
  };
  const run = host.begin(() => Promise.allSettled([child("bad"), waits()]));
  assert.deepEqual(await host.untilAwaits(run), ["bad#1", "time#1"]);
  assert.deepEqual(await host.untilAwaits(run, 2), ["time#1"]);
  host.resume(run, "time#1");
  const [bad, good] = (await host.outputOf(run)) as { status: string; value?: unknown }[];
  assert.equal(bad?.status, "rejected");
  assert.equal(good?.value, "time#1");
});

test("a suspension that the server refuses rejects its waits, and the run has not stopped", async () => {
  const host = new ExecutorUnderTest();
  host.answerOf = ({ kind }) =>
    kind === "await" ? { error: { code: "internal", message: "Broken." } } : { value: null };
  const run = host.begin(() => waits().catch((error) => `${error.name}: ${error.code}`));
  assert.equal(await host.outputOf(run), "CallError: internal");
});

test("only time in which the run executes counts", async () => {
  const host = new ExecutorUnderTest();
  const run = host.begin(async () => {
    await sleep(30);
    await waits();
    await sleep(30);
  });
  await host.untilAwaits(run);
  await sleep(300);
  host.resume(run, "time#1");
  const { durationMs } = await host.resultOf(run);
  assert.ok(durationMs >= 58 && durationMs < 250, `${durationMs} ms`);
});

test("code that is never quiet holds the slot for a while, and not for ever", async () => {
  const context = new AsyncLocalStorage<RunCell>();
  runtime().context = context;
  const cell: RunCell = { run: null };
  let interval: NodeJS.Timeout | undefined;
  const suspended = Promise.withResolvers<readonly string[]>();
  const run = { cell, awaited: () => ["time#1"], hasCallsUnderWay: () => false, park() {}, suspend: suspended.resolve };
  const parking = new Parking(run, { quietMs: 10, maxBesideMs: 200 });
  const before = performance.now();
  parking.resume();
  context.run(cell, () => {
    interval = setInterval(() => setImmediate(() => {}), 2);
  });
  assert.deepEqual(await suspended.promise, ["time#1"]);
  clearInterval(interval);
  const tookMs = performance.now() - before;
  assert.ok(tookMs >= 195 && tookMs < 1_000, `${tookMs} ms`);
});
