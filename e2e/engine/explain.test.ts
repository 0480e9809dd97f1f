import assert from "node:assert/strict";
import { test } from "node:test";
import { runs, tasks, wait } from "@pawl/sdk";
import type { echo, failing, gated, inTurn } from "../projects/engine/trigger/plain.ts";
import type { guardian, sleeper, waitsForToken } from "../projects/engine/trigger/waits.ts";
import { ended, openEngine, outputOf, untilStatus } from "../stage/engine.ts";
import { until } from "../stage/until.ts";

test("why a run does not execute, and what to do about it from a terminal", async (t) => {
  const engine = await openEngine(t, { worker: null });
  const { stage, server } = engine;
  const env = { TRIGGER_API_URL: server.apiUrl, TRIGGER_SECRET_KEY: server.secretKey };
  const pawl = (...args: readonly string[]) => stage.pawl(args, { env }).finished();
  const sql = (name: string, text: string) => engine.database.query({ name: `e2e_${name}`, text, values: [] });

  /** Checks that terminal and API name one reason, of which a condition that does not hold is the ground. */
  const explains = async (run: { readonly id: string }, reason: RegExp) => {
    await until(`${run.id} says ${reason}`, async () => reason.test((await runs.retrieve(run.id)).reason ?? ""), {
      timeoutMs: 5_000,
    }).catch(async () => assert.match((await runs.retrieve(run.id)).reason ?? "", reason));
    const explained = await pawl("explain", run.id);
    assert.equal(explained.ending?.code, 0, explained.report());
    assert.match(explained.stdout.split("\n")[0] ?? "", reason, "the reason comes first");
    const { body } = await engine.api.call("GET", `/api/v1/runs/${run.id}/explain`);
    const conditions = body.conditions as readonly { name: string; holds: boolean; detail: string }[];
    assert.ok(conditions.length > 0 && conditions.every(({ name, detail }) => name !== "" && detail !== ""));
    return conditions.filter(({ holds }) => !holds).map(({ name }) => name);
  };

  const pending = await tasks.trigger<typeof echo>("echo", "pending");
  await t.test("no version has its task: a worker brings one", async () => {
    await explains(pending, /No version.*echo/);
  });
  const worker = await engine.startWorker({ processes: 2 });
  assert.equal(await outputOf(pending), "pending");

  await t.test("its time has not come", async () => {
    const handle = await tasks.trigger<typeof echo>("echo", 1, { delay: "1h" });
    await explains(handle, /\d{4}-\d\d-\d\d[T ]/);
    const rescheduled = await pawl("runs", "reschedule", handle.id, "1s");
    assert.match(rescheduled.stdout, /^DELAYED {2}echo/);
    await outputOf(handle);
  });

  await t.test("it is between two attempts", async () => {
    const handle = await tasks.trigger("retries-late", { fails: true });
    await until("an attempt has failed", async () => (await runs.retrieve(handle)).attempts.length === 1);
    const { reason = "" } = await runs.retrieve(handle);
    assert.match(reason, /Attempt 1 failed/);
    await outputOf(handle);
  });

  await t.test("its queue is paused", async () => {
    const paused = await pawl("queues", "pause", "task/echo");
    assert.equal(paused.ending?.code, 0, paused.report());
    const handle = await tasks.trigger<typeof echo>("echo", 1);
    const failing = await explains(handle, /queue task\/echo is paused/);
    const shown = await pawl("runs", "show", handle.id);
    assert.match(shown.stdout.split("\n")[1] ?? "", /queue task\/echo is paused/);
    const [line] = (await pawl("explain", handle.id, "--json")).lines;
    assert.match(String(line?.reason), /queue task\/echo is paused/);
    assert.equal(failing.length, 1, failing.join());
    const list = await pawl("queues");
    assert.match(list.stdout, /task\/echo +0 +1 +– +paused/);
    await pawl("queues", "resume", "echo");
    await outputOf(handle);
  });

  await t.test("its queue is at its limit: with figures, and the run that is longest there", async () => {
    const gate = engine.gate("limit");
    const first = await tasks.trigger<typeof inTurn>("in-turn", { gate });
    await engine.untilMark(first, "start");
    const handle = await tasks.trigger<typeof inTurn>("in-turn", {});
    const failing = await explains(handle, new RegExp(`queue task/in-turn.*1 of 1.*${first.id}`));
    assert.equal(failing.length, 1, failing.join());
    const raised = await pawl("queues", "limit", "in-turn", "2");
    assert.match(raised.stdout, /task\/in-turn +.*limit 2, instead of limit 1/);
    await outputOf(handle);
    assert.equal((await pawl("queues", "limit", "in-turn", "reset")).ending?.code, 0);
    await engine.open("limit");
    await outputOf(first);
  });

  await t.test("its concurrency key is at its limit", async () => {
    const gate = engine.gate("key");
    const first = await tasks.trigger<typeof inTurn>("in-turn", { gate }, { concurrencyKey: "ada" });
    await engine.untilMark(first, "start");
    const handle = await tasks.trigger<typeof inTurn>("in-turn", {}, { concurrencyKey: "ada" });
    await explains(handle, /ada.*1 of 1/);
    await engine.open("key");
    await Promise.all([outputOf(first), outputOf(handle)]);
  });

  await t.test("the environment is paused, or at its limit", async () => {
    await sql("pause_environment", "update environment set is_paused = true where slug = 'dev' returning id");
    const handle = await tasks.trigger<typeof echo>("echo", 1);
    await explains(handle, /environment dev is paused/);
    await sql("resume_environment", "update environment set is_paused = false where slug = 'dev' returning id");
    await tasks.trigger<typeof echo>("echo", "wakes the dispatcher");
    await outputOf(handle);

    const gate = engine.gate("environment");
    await sql("limit_environment", "update environment set concurrency_limit = 1 where slug = 'dev' returning id");
    const first = await tasks.trigger<typeof gated>("gated", { gate });
    await engine.untilMark(first, "start");
    const second = await tasks.trigger<typeof echo>("echo", 1);
    await explains(second, /environment dev.*1 of 1/);
    await engine.open("environment");
    await Promise.all([outputOf(first), outputOf(second)]);
    await sql("free_environment", "update environment set concurrency_limit = 300 where slug = 'dev' returning id");
  });

  await t.test("every process is busy", async () => {
    const gate = engine.gate("busy");
    const busy = await Promise.all([1, 2].map(() => tasks.trigger<typeof gated>("gated", { gate })));
    for (const handle of busy) await engine.untilMark(handle, "start");
    const handle = await tasks.trigger<typeof echo>("echo", 1);
    await explains(handle, /process/);
    await engine.open("busy");
    await Promise.all([...busy.map((each) => outputOf(each)), outputOf(handle)]);
  });

  await t.test("it waits: for a time, a token, a run", async () => {
    const sleeping = await tasks.trigger<typeof sleeper>("sleeper", { seconds: 3_600 });
    await untilStatus(sleeping, "WAITING");
    await explains(sleeping, /\d{4}-\d\d-\d\d[T ]/);
    const token = await wait.createToken({ timeout: "1h" });
    const waiting = await tasks.trigger<typeof waitsForToken>("waits-for-token", { id: token.id });
    await untilStatus(waiting, "WAITING");
    await explains(waiting, new RegExp(`token ${token.id}`));
    await wait.completeToken(token, {});
    await outputOf(waiting);
    const gate = engine.gate("child");
    const parent = await tasks.trigger<typeof guardian>("guardian", { gate, waits: true });
    await untilStatus(parent, "WAITING");
    await explains(parent, /run_/);
    await engine.open("child");
    await outputOf(parent);
    const cancelled = await pawl("runs", "cancel", sleeping.id);
    assert.equal(cancelled.ending?.code, 0, cancelled.report());
    assert.equal((await ended(sleeping)).status, "CANCELED");
  });

  await t.test("no worker is connected", async () => {
    worker.signal("SIGTERM");
    await worker.ended;
    const handle = await tasks.trigger<typeof echo>("echo", "alone");
    await explains(handle, /No worker host is connected/);
    await engine.startWorker({ processes: 2 });
    assert.equal(await outputOf(handle), "alone");
    const finished = await pawl("explain", handle.id);
    assert.match(finished.stdout, /^The run has finished/);
  });

  await t.test("pawl runs replay, and the hints of what goes wrong", async () => {
    const failed = await tasks.trigger<typeof failing>("failing", {}, { maxAttempts: 1 });
    await ended(failed);
    const replayed = await pawl("runs", "replay", failed.id, "--payload", '{"times":0}', "--json");
    const id = String(replayed.lines[0]?.id);
    assert.equal((await ended({ id })).output, 1);
    const unknown = await pawl("runs", "cancel", "run_00000000000000000000000000");
    assert.equal(unknown.ending?.code, 1);
    assert.match(unknown.stderr, /run_0/);
    const misspelt = await pawl("queues", "pause", "task/in-tun");
    assert.match(misspelt.stderr, /no queue task\/in-tun: did you mean task\/in-turn\?/);
    const late = await pawl("runs", "reschedule", failed.id, "1h");
    assert.equal(late.ending?.code, 1);
  });

  await t.test("pawl doctor: what must hold, and exit 1 when something does not", async () => {
    const sound = await pawl("doctor");
    assert.equal(sound.ending?.code, 0, sound.report());
    assert.match(sound.stdout, /✓ A run has an outcome or a live row, never both/);
    assert.match(sound.stdout, /\d+ invariants held/);
    const handle = await tasks.trigger<typeof echo>("echo", 1, { delay: "1h" });
    await sql(
      "break_an_invariant",
      "update run set outcome = 'completed', finished_at = now(), attempt_count = 0 where outcome is null returning id",
    );
    const broken = await pawl("doctor");
    assert.equal(broken.ending?.code, 1, broken.report());
    assert.match(broken.stdout, /✗ A run has an outcome or a live row, never both/);
    assert.match(broken.stdout, /of \d+ invariants does not hold/);
    await sql(
      "mend_an_invariant",
      "update run set outcome = null, finished_at = null, attempt_count = null from live_run where live_run.run_id = run.id returning id",
    );
    assert.equal((await pawl("doctor", "--json")).ending?.code, 0);
    await runs.cancel(handle.id);
  });
});
