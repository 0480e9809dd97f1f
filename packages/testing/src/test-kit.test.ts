import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import {
  batch,
  idempotencyKeys,
  logger,
  metadata,
  queue,
  queues,
  retry,
  runs,
  schedules,
  schemaTask,
  tags,
  task,
  tasks,
  wait,
} from "@pawl/sdk";
import { z } from "zod";
import { openTestKit, type TestKit } from "./index.ts";

const double = task({ id: "number.double", run: async ({ n }: { n: number }) => n * 2 });
const fails = task({
  id: "number.fail",
  retry: { maxAttempts: 3, minTimeoutInMs: 20_000, factor: 2, randomize: false },
  run: async ({ until }: { until: number }, { ctx }) => {
    if (ctx.attempt.number < until) throw new Error(`attempt ${ctx.attempt.number}`);
    return "done";
  },
});
const approval = task({
  id: "post.approve",
  run: async () => {
    const token = await wait.createToken({ timeout: "1d", tags: ["post"] });
    return wait.forToken<{ ok: boolean }>(token);
  },
});

let kit: TestKit;
beforeEach(async () => {
  kit = await openTestKit({ now: "2026-03-01T09:00:00Z" });
});
afterEach(() => kit.close());

describe("a run", () => {
  test("has an output, logs, tags and metadata", async () => {
    const tell = task({
      id: "run.tell",
      run: async (payload: { name: string }, { ctx }) => {
        logger.info("Hello", { name: payload.name });
        metadata.set("progress", 1).increment("progress", 2);
        await tags.add("told");
        return { id: ctx.run.id, at: new Date() };
      },
    });
    const run = await kit.run(tell, { name: "Ada" }, { tags: ["a"] });
    assert.equal(run.status, "COMPLETED");
    assert.equal(run.output.id, "run_1");
    assert.ok(run.output.at instanceof Date);
    assert.deepEqual(run.payload, { name: "Ada" });
    assert.deepEqual(run.logs, [{ level: "info", message: "Hello", attributes: { name: "Ada" } }]);
    assert.deepEqual(run.metadata, { progress: 3 });
    assert.deepEqual(run.tags, ["a", "told"]);
  });

  test("waits for days in no time, and Date follows", async () => {
    const patient = task({
      id: "run.wait",
      run: async () => {
        const before = Date.now();
        await wait.for({ days: 3 });
        const between = Date.now();
        await wait.until({ date: new Date("2026-04-01T00:00:00Z") });
        return [between - before, new Date().toISOString().slice(0, 10)] as const;
      },
    });
    const { output } = await kit.run(patient);
    assert.ok(Math.abs(output[0] - 3 * 86_400_000) < 60_000, `${output[0]}`);
    assert.equal(output[1], "2026-04-01");
    assert.equal(kit.now.toISOString().slice(0, 10), "2026-04-01");
  });

  test("is attempted again after its delay", async () => {
    const run = await kit.run(fails, { until: 3 });
    assert.equal(run.output, "done");
    assert.equal(run.attemptCount, 3);
    assert.deepEqual(
      run.failedAttempts.map(({ number, error, retryDelayMs }) => [number, error.message, retryDelayMs]),
      [
        [1, "attempt 1", 20_000],
        [2, "attempt 2", 40_000],
      ],
    );
    assert.ok(kit.now.getTime() >= Date.parse("2026-03-01T09:01:00Z"));
  });

  test("fails with its last error, and says so where its output is asked for", async () => {
    const run = await kit.run(fails, { until: 9 });
    assert.equal(run.status, "FAILED");
    assert.equal(run.error?.message, "attempt 3");
    assert.throws(() => run.output, /run_1 of number\.fail has no output, since it is FAILED: attempt 3/);
  });

  test("is refused a payload that does not fit its schema", async () => {
    const strict = schemaTask({ id: "run.strict", schema: z.object({ n: z.number() }), run: async ({ n }) => n });
    await assert.rejects(kit.run(strict, { n: "1" as never }), { name: "TaskPayloadParsedError" });
    assert.equal((await kit.run(strict, { n: 1 })).output, 1);
  });

  test("calls its hooks", async () => {
    const calls: string[] = [];
    const hooked = task({
      id: "run.hooked",
      onStart: () => void calls.push("start"),
      onSuccess: () => void calls.push("success"),
      run: async () => void calls.push("run"),
    });
    await kit.run(hooked);
    assert.deepEqual(calls, ["start", "run", "success"]);
  });

  test("of a scheduled task gets times", async () => {
    const daily = schedules.task({ id: "run.daily", run: async ({ timestamp }) => timestamp.toISOString() });
    assert.match((await kit.run(daily)).output, /^2026-03-01T09:00/);
    assert.match((await kit.run(daily, {})).output, /^2026-03-01T09:00/);
    assert.equal((await kit.run(daily, { timestamp: new Date(0) })).output, "1970-01-01T00:00:00.000Z");
  });

  test("tries a part of its work again", async () => {
    let calls = 0;
    const stubborn = task({
      id: "run.stubborn",
      run: () =>
        retry.onThrow(
          async () => {
            if (++calls < 3) throw new Error("no");
            return calls;
          },
          { maxAttempts: 5, minTimeoutInMs: 1, maxTimeoutInMs: 2 },
        ),
    });
    assert.equal((await kit.run(stubborn)).output, 3);
  });
});

describe("children", () => {
  const sum = task({
    id: "number.sum",
    run: async ({ numbers }: { numbers: number[] }) => {
      const { runs: results } = await double.batchTriggerAndWait(numbers.map((n) => ({ payload: { n } })));
      return results.map((result) => (result.ok ? result.output : 0)).reduce((a, b) => a + b, 0);
    },
  });

  test("are run", async () => {
    const run = await kit.run(sum, { numbers: [1, 2, 3] });
    assert.equal(run.output, 12);
    assert.deepEqual(
      run.childrenOf(double).map(({ payload }) => payload),
      [{ n: 1 }, { n: 2 }, { n: 3 }],
    );
  });

  test("are stood in for, also in parallel and when they fail", async () => {
    const both = task({
      id: "number.both",
      run: async () => {
        const [a, b] = await Promise.all([
          double.triggerAndWait({ n: 1 }).unwrap(),
          tasks.triggerAndWait("elsewhere.charge", { cents: 5 }),
        ]);
        return [a, b.ok, b.ok ? "" : (b.error as Error).message] as const;
      },
    });
    kit.stub(double, ({ n }) => n + 100);
    kit.stub("elsewhere.charge", () => {
      throw new Error("declined");
    });
    const run = await kit.run(both);
    assert.deepEqual(run.output, [101, false, "declined"]);
    assert.equal(kit.runsOf(double)[0]?.output, 101);
  });

  test("that nobody knows are refused with what to do", async () => {
    const lost = task({ id: "number.lost", retry: { maxAttempts: 1 }, run: () => tasks.trigger("nobody.knows", {}) });
    const run = await kit.run(lost);
    assert.match(run.error?.message ?? "", /knows no task "nobody\.knows"\. Import its file, or stand in for it/);
  });

  test("that are not waited for run, too, later where they are delayed", async () => {
    const fire = task({
      id: "number.fire",
      run: async () => {
        await double.trigger({ n: 4 });
        await double.trigger({ n: 5 }, { delay: "2h" });
      },
    });
    await kit.run(fire);
    await kit.settled();
    assert.deepEqual(
      kit.runsOf(double).map(({ output }) => output),
      [8, 10],
    );
    assert.ok(kit.now.getTime() >= Date.parse("2026-03-01T11:00:00Z"));
  });

  test("with one idempotency key are one run", async () => {
    const once = task({
      id: "number.once",
      run: async () => {
        const key = await idempotencyKeys.create("k");
        const first = await double.trigger({ n: 1 }, { idempotencyKey: key });
        const second = await double.trigger({ n: 1 }, { idempotencyKey: key });
        return first.id === second.id && second.isCached;
      },
    });
    assert.equal((await kit.run(once)).output, true);
    assert.equal(kit.runsOf(double).length, 1);
  });
});

describe("tokens", () => {
  test("are completed by the test", async () => {
    const started = await kit.start(approval);
    await started.untilWaiting();
    assert.equal(started.run.status, "WAITING");
    assert.deepEqual(kit.tokens[0]?.tags, ["post"]);
    kit.completeToken(kit.tokens[0]?.id ?? "", { ok: true });
    assert.deepEqual((await started.untilEnded()).output, { ok: true, output: { ok: true } });
  });

  test("time out when nothing else can happen", async () => {
    const run = await kit.run(approval);
    assert.equal(run.output.ok, false);
    assert.equal(kit.now.toISOString().slice(0, 10), "2026-03-02");
  });

  test("that nobody completes are said to be what a run waits for", async () => {
    const stuck = task({
      id: "post.stuck",
      run: async () => wait.forToken(await wait.createToken()),
    });
    await assert.rejects(
      kit.run(stuck),
      /run_1 of post\.stuck waits for the token waitpoint_token1[\s\S]*kit\.completeToken/,
    );
  });
});

describe("the code around tasks", () => {
  test("triggers and reads runs as it does with a server", async () => {
    const handle = await tasks.trigger<typeof double>("number.double", { n: 21 });
    const run = await runs.poll(handle, { pollIntervalMs: 5 });
    assert.equal(run.output, 42);
    const items = await batch.trigger([{ id: "number.double", payload: { n: 1 } }]);
    assert.equal(items.runCount, 1);
    await kit.settled();
    assert.deepEqual(
      kit.runs.map(({ status }) => status),
      ["COMPLETED", "COMPLETED"],
    );
  });

  test("cancels a run that waits", async () => {
    const started = await kit.start(approval);
    await started.untilWaiting();
    started.cancel();
    const run = await started.untilEnded();
    assert.equal(run.status, "CANCELED");
  });

  test("is told what the kit does not answer, and what to do about it", async () => {
    await assert.rejects(
      queues.list(),
      /The testing kit does not answer GET \/api\/v1\/queues\. Answer it with kit\.answer/,
    );
    kit.answer("GET /api/v1/queues", () => ({
      data: [{ id: "queue_1", name: "mail" }],
      pagination: { currentPage: 1, totalPages: 1, count: 1 },
    }));
    const [first] = (await queues.list()).data;
    assert.equal(first?.name, "mail");
  });

  test("has its own Date back after the kit is closed", async () => {
    await kit.close();
    assert.notEqual(new Date().toISOString().slice(0, 10), "2026-03-01");
    kit = await openTestKit();
  });
});

test("queues are names", async () => {
  const mail = queue({ name: "mail", concurrencyLimit: 1 });
  const queued = task({ id: "queue.name", queue: mail, run: async (_: undefined, { ctx }) => ctx.queue.name });
  assert.equal((await kit.run(queued)).output, "mail");
});
