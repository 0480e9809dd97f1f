import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { auth, batch, configure, idempotencyKeys, logger, metadata, runs, task, tasks, usage, wait } from "@pawl/sdk";
import { ai } from "@pawl/sdk/ai";
import { currentConfiguration } from "@pawl/sdk/runtime";
import { openTestKit, type TestKit } from "./index.ts";

const double = task({ id: "corner.double", run: async ({ n }: { n: number }) => n * 2 });
const sleeper = task({
  id: "corner.sleep",
  run: async ({ minutes }: { minutes: number }) => {
    await wait.for({ minutes });
    return minutes;
  },
});
const patient = task({ id: "corner.patient", run: async () => wait.forToken(await wait.createToken()) });

let kit: TestKit;
beforeEach(async () => {
  kit = await openTestKit({ now: "2026-03-01T09:00:00Z" });
});
afterEach(() => kit.close());

test("what is no task is named", async () => {
  const untyped = (value: unknown) => value as never;
  await assert.rejects(
    () => kit.run(untyped("corner.double"), untyped({})),
    /this is the id "corner\.double": import the task's file/,
  );
});

describe("waits", () => {
  test("race: the first that is over is the one", async () => {
    const racing = task({
      id: "corner.race",
      run: () => Promise.race([100, 5].map((minutes) => sleeper.triggerAndWait({ minutes }).unwrap())),
    });
    assert.equal((await kit.run(racing)).output, 5);
    await kit.settled();
  });

  test("for a batch end with its last run, also where stubs fail and one item is of no task", async () => {
    kit.stub(double, async ({ n }) => {
      await pause(4 - n);
      if (n === 2) throw new Error("two");
      return n;
    });
    const items = [1, 2, 3].map((n) => ({ id: "corner.double", payload: { n } }));
    const mixed = task({
      id: "corner.batch",
      run: async () => {
        const { runs: results } = await batch.triggerAndWait([...items, { id: "no.such", payload: 1 }]);
        return results.map((result) => (result.ok ? result.output : (result.error as Error).message));
      },
    });
    const [first, second, third, fourth] = (await kit.run(mixed)).output;
    assert.deepEqual([first, second, third], [1, "two", 3]);
    assert.match(String(fourth), /knows no task "no\.such"/);
  });

  test("nest, and metadata goes up", async () => {
    const low = task({
      id: "corner.low",
      run: async () => {
        metadata.root.set("low", 1);
        metadata.parent.append("list", "low");
        await wait.for({ hours: 1 });
        return 1;
      },
    });
    const middle = task({ id: "corner.middle", run: async () => 1 + (await low.triggerAndWait().unwrap()) });
    const top = task({
      id: "corner.top",
      run: () => Promise.all([middle.triggerAndWait().unwrap(), sleeper.triggerAndWait({ minutes: 90 }).unwrap()]),
    });
    const run = await kit.run(top);
    assert.deepEqual(run.output, [2, 90]);
    assert.deepEqual(run.metadata, { low: 1 });
    assert.deepEqual(kit.runsOf(middle)[0]?.metadata, { list: ["low"] });
  });

  test("for children begin once what the run has set in its metadata is sent", async () => {
    const setting = task({
      id: "corner.setting",
      run: async () => {
        metadata.set("state", "doubling");
        const four = await double.triggerAndWait({ n: 2 }).unwrap();
        metadata.set("state", "doubling many");
        const { runs: results } = await double.batchTriggerAndWait([{ payload: { n: four } }]);
        metadata.set("state", "doubled");
        return results.map((result) => result.ok && result.output);
      },
    });
    const run = await kit.run(setting);
    assert.deepEqual(run.output, [8]);
    assert.deepEqual(run.metadata, { state: "doubled" });
  });

  test("call onWait and onResume", async () => {
    const calls: string[] = [];
    const hooked = task({
      id: "corner.hooked",
      onWait: ({ wait: { type } }) => void calls.push(`wait ${type}`),
      onResume: ({ wait: { type } }) => void calls.push(`resume ${type}`),
      run: async () => {
        await wait.for({ hours: 1 });
        await double.triggerAndWait({ n: 1 });
      },
    });
    await kit.run(hooked);
    assert.deepEqual(calls, ["wait duration", "resume duration", "wait task", "resume task"]);
  });

  test("for a token that is complete already are over at once", async () => {
    const early = task({
      id: "corner.early",
      run: async () => {
        const token = await wait.createToken();
        await wait.completeToken(token, { a: 1 });
        return wait.forToken<{ a: number }>(token).unwrap();
      },
    });
    assert.deepEqual((await kit.run(early)).output, { a: 1 });
  });
});

describe("idempotency keys", () => {
  test("find children, tokens and times again in the next attempt", async () => {
    const retried = task({
      id: "corner.retried",
      retry: { maxAttempts: 2, minTimeoutInMs: 1_000 },
      run: async (_: undefined, { ctx }) => {
        const key = await idempotencyKeys.create("k");
        const output = await double.triggerAndWait({ n: 4 }, { idempotencyKey: key }).unwrap();
        const token = await wait.createToken({ idempotencyKey: "token", timeout: "1h" });
        await wait.for({ hours: 1, idempotencyKey: "hour" });
        if (ctx.attempt.number === 1) throw new Error("again");
        return [output, token.isCached] as const;
      },
    });
    assert.deepEqual((await kit.run(retried)).output, [8, true]);
    assert.equal(kit.runsOf(double).length, 1);
    assert.equal(kit.tokens.length, 1);
    assert.equal(kit.now.toISOString().slice(0, 13), "2026-03-01T10"); // one hour, not two
  });

  test("are freed by a failure, by their time and by hand", async () => {
    let calls = 0;
    const flaky = task({
      id: "corner.flaky",
      retry: { maxAttempts: 1 },
      run: async () => {
        if (++calls === 1) throw new Error("first");
      },
    });
    const options = { idempotencyKey: "a", idempotencyKeyTTL: "10m" };
    const ids: string[] = [];
    const run = async () => void ids.push((await kit.run(flaky, undefined, options)).id);
    await run();
    await run();
    await run();
    kit.advance("11m");
    await run();
    await idempotencyKeys.reset("corner.flaky", "a");
    await run();
    assert.deepEqual(ids, ["run_1", "run_2", "run_2", "run_3", "run_4"]);
  });
});

describe("cancel", () => {
  test("reaches the parent before its children, which it never sees end", async () => {
    const seen: string[] = [];
    const parent = task({
      id: "corner.parent",
      onCancel: () => void seen.push("onCancel"),
      run: async () => {
        await double.trigger({ n: 1 }, { delay: "5h" });
        const result = await patient.triggerAndWait();
        seen.push(`went on: ${result.ok}`);
      },
    });
    const started = await kit.start(parent);
    await started.untilWaiting();
    started.cancel();
    assert.equal((await started.untilEnded()).status, "CANCELED");
    await kit.settled();
    assert.deepEqual(
      kit.runs.map(({ status }) => status),
      ["CANCELED", "CANCELED", "CANCELED"],
    );
    assert.deepEqual(seen, ["onCancel"]);
  });

  test("of a run that waits gives its hook the time it takes", async () => {
    let isDone = false;
    const slow = task({
      id: "corner.slow",
      onCancel: async () => {
        await pause(20);
        isDone = true;
      },
      run: () => patient.triggerAndWait(),
    });
    const started = await kit.start(slow);
    await started.untilWaiting();
    started.cancel();
    assert.equal((await started.untilEnded()).status, "CANCELED");
    assert.ok(isDone);
  });

  test("leaves the children of a run that has ended", async () => {
    const fire = task({ id: "corner.fire", run: () => sleeper.trigger({ minutes: 60 }) });
    const started = await kit.start(fire);
    await started.untilEnded();
    started.cancel();
    await kit.settled();
    assert.equal(kit.runsOf(sleeper)[0]?.status, "COMPLETED");
  });
});

describe("the code around tasks", () => {
  test("makes tokens with a timeout and a key, and sees what becomes of them", async () => {
    const token = await wait.createToken({ timeout: "1h", idempotencyKey: "t" });
    assert.equal((await wait.createToken({ idempotencyKey: "t" })).id, token.id);
    assert.equal(kit.tokens[0]?.timeoutAt?.toISOString().slice(0, 13), "2026-03-01T10");
    await wait.completeToken(token.id, { a: 1 });
    const { status, output } = await wait.retrieveToken(token.id);
    assert.deepEqual([status, output], ["COMPLETED", { a: 1 }]);
    const late = await wait.createToken({ timeout: "1h" });
    kit.advance("2h");
    assert.equal((await wait.retrieveToken(late.id)).status, "TIMED_OUT");
  });

  test("makes public tokens, and has its own target back after the kit is closed", async () => {
    assert.equal(await auth.createPublicToken({ scopes: { read: { runs: "run_1" } } }), "test");
    await kit.close();
    const own = { secretKey: "tr_dev_own", baseURL: "http://own.example" };
    configure(own);
    kit = await openTestKit();
    await kit.close();
    assert.deepEqual(currentConfiguration(), own);
    configure({});
    kit = await openTestKit();
  });

  test("is answered with nothing where the test says so", async () => {
    kit.answer("POST /api/v1/runs/:id/reschedule", () => undefined);
    await assert.rejects(runs.reschedule("run_1", { delay: "1h" }), /The answer lacks a run/);
  });

  test("sends and reads long payloads and outputs", async () => {
    const long = task({ id: "corner.long", run: async ({ text }: { text: string }) => text + text });
    const { id } = await kit.run(long, { text: "x".repeat(2_000_000) });
    assert.equal((await runs.retrieve<typeof long>(id)).output?.length, 4_000_000);
  });
});

test("spans, usage and tools work", async () => {
  const tool = ai.toolExecute(double);
  const traced = task({
    id: "corner.traced",
    run: () =>
      logger.trace("step", async (span) => {
        span.setAttribute("n", 3);
        logger.info("inside");
        return [
          await tool({ n: 3 }, { toolCallId: "1", messages: [] }),
          typeof usage.getCurrent()?.compute.total.durationMs,
        ];
      }),
  });
  const run = await kit.run(traced);
  assert.deepEqual(run.output, [6, "number"]);
  assert.deepEqual(
    run.logs.map(({ message }) => message),
    ["inside"],
  );
});

test("kits one after the other have each its own configuration", async () => {
  await kit.close();
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(name);
  const retries = { enabledInDev: false, default: { maxAttempts: 5, minTimeoutInMs: 1_000 } };
  const config = { retries, init: note("init"), onStart: note("start"), onFailure: note("failure") };
  const fails = task({ id: "corner.fails", run: () => Promise.reject(new Error("no")) });
  for (const expected of [1, 3]) {
    kit = await openTestKit(expected === 1 ? { config } : {});
    assert.equal((await kit.run(fails)).attemptCount, expected);
    await kit.close();
  }
  assert.deepEqual(calls, ["init", "start", "failure"]);
  kit = await openTestKit();
});

test("hooks of the configuration are called once, also after a run that could not be ended", async () => {
  await kit.close();
  const calls: string[] = [];
  kit = await openTestKit({ config: { onStart: () => void calls.push("start") } });
  const code = Promise.withResolvers<void>();
  const deaf = await kit.start(task({ id: "corner.deaf", run: () => code.promise }));
  deaf.cancel();
  assert.equal((await deaf.untilEnded()).status, "CANCELED");
  calls.length = 0;
  assert.equal((await kit.run(double, { n: 2 })).output, 4);
  assert.deepEqual(calls, ["start"]);
  code.resolve();
});

test("runs go on under faked timers", { timeout: 10_000 }, async () => {
  const both = task({
    id: "corner.both",
    run: () => Promise.all([double.triggerAndWait({ n: 1 }), wait.for({ hours: 1 })]),
  });
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate", "Date"], now: Date.parse("2026-05-01") });
  try {
    assert.equal((await kit.run(both)).status, "COMPLETED");
  } finally {
    mock.timers.reset();
  }
});

test("a task that nobody imported can be triggered where a stub stands in", async () => {
  kit.stub("corner.elsewhere", () => "stubbed");
  const handle = await tasks.trigger("corner.elsewhere", {});
  await kit.settled();
  assert.equal((await runs.retrieve(handle.id)).output, "stubbed");
});
