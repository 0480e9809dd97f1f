import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type ApiError, configure, type RetrievedRun, type RetrievedSchedule, runs, schedules, tasks } from "@pawl/sdk";
import { ended } from "../stage/engine.ts";
import { untilReady } from "../stage/platform.ts";
import { openStage } from "../stage/stage.ts";
import { until } from "../stage/until.ts";

const config = `import { defineConfig } from "@pawl/sdk";
export default defineConfig({ project: "proj_schedules", dirs: ["./trigger"], processKeepAlive: true });
`;

/** The tasks of a version: the second has no `tick` any more, and another cron for `daily` and `switched`. */
const tasksOf = (version: "first" | "second") => `import { setTimeout as delay } from "node:timers/promises";
import { schedules, task } from "@pawl/sdk";

const tell = async (payload) => ({
  areDates: [payload.timestamp, payload.lastTimestamp ?? new Date(), ...payload.upcoming].every((at) => at instanceof Date),
  count: payload.upcoming.length,
});

task({ id: "plain", run: () => 1 });
schedules.task({ id: "called", run: tell });
schedules.task({ id: "long", run: async (_, { signal }) => delay(2_500, "whole", { signal }) });
schedules.task({ id: "switched", cron: "${version === "first" ? "* * * * * *" : "*/2 * * * * *"}", run: tell });
schedules.task({ id: "elsewhere", cron: { pattern: "* * * * * *", environments: ["PRODUCTION"] }, run: tell });
${
  version === "first"
    ? `schedules.task({ id: "tick", cron: "* * * * * *", run: tell });
schedules.task({ id: "daily", cron: "0 9 * * *", run: tell });`
    : `schedules.task({ id: "daily", cron: { pattern: "30 8 * * 1-5", timezone: "Asia/Kolkata", window: "30m" }, run: tell });`
}
`;

/** A payload as the API shows it. */
interface ShownPayload {
  readonly type: string;
  readonly timestamp: string;
  readonly lastTimestamp?: string;
  readonly timezone: string;
  readonly scheduleId: string;
  readonly externalId?: string;
  readonly upcoming: readonly string[];
}

type Fire = RetrievedRun<ShownPayload> & { readonly payload: ShownPayload };

/** The runs that a schedule has made, first one first, with those that have not ended. */
async function firesOf({ id }: Pick<RetrievedSchedule, "id">): Promise<readonly Fire[]> {
  const found: Fire[] = [];
  for await (const run of runs.list({ schedule: id, limit: 100 })) {
    found.unshift((await runs.retrieve(run.id)) as Fire); // of a task of schedules
  }
  return found;
}

function untilFires(schedule: RetrievedSchedule, count: number): Promise<readonly Fire[]> {
  return until(`${schedule.task} has made ${count} runs`, async () => {
    const fires = await firesOf(schedule);
    return fires.length >= count ? fires : null;
  });
}

/** Nothing says that a fire did not happen, but the fires of another schedule that follow. */
async function assertSilent(schedule: RetrievedSchedule, other: RetrievedSchedule): Promise<void> {
  const before = (await firesOf(schedule)).length;
  await untilFires(other, (await firesOf(other)).length + 2);
  assert.equal((await firesOf(schedule)).length, before, `${schedule.task} fires`);
}

async function declared(task: string): Promise<RetrievedSchedule> {
  for await (const schedule of schedules.list({ perPage: 2 })) {
    if (schedule.task === task && schedule.type === "DECLARATIVE") return schedule;
  }
  throw new Error(`no schedule of ${task} is declared`);
}

const everySecond = "* * * * * *";

test("schedules", async (t) => {
  const stage = await openStage(t);
  const projectDir = await stage.project("app", { "trigger.config.ts": config, "trigger/tasks.js": tasksOf("first") });
  const dev = stage.pawl(["dev", "--port", "0", "--json"], { cwd: projectDir });
  await untilReady(dev);
  const { apiUrl, secretKey } = JSON.parse(await readFile(join(projectDir, ".pawl", "dev.json"), "utf8")) as {
    apiUrl: string;
    secretKey: string;
  };
  configure({ baseURL: apiUrl, accessToken: secretKey });
  const tick = await declared("tick");
  const daily = await declared("daily");

  await t.test("one that code declares fires, and its runs are told which fire they are for", async () => {
    assert.deepEqual([tick.active, tick.timezone, tick.deduplicationKey], [true, "UTC", null]);
    assert.deepEqual(tick.environments[0]?.type, "DEVELOPMENT");
    assert.ok(tick.nextRun instanceof Date && tick.nextRunEffectiveAt instanceof Date);
    const fires = await untilFires(tick, 3);
    const { expression, description } = tick.generator;
    for (const [index, { id, payload, schedule }] of fires.entries()) {
      assert.deepEqual(schedule, { id: tick.id, generator: { type: "CRON", expression, description } });
      const { type, timestamp, lastTimestamp, timezone, scheduleId, upcoming, ...rest } = payload;
      assert.deepEqual([type, timezone, scheduleId, rest], ["DECLARATIVE", "UTC", tick.id, {}]);
      const at = Date.parse(timestamp);
      assert.equal(at % 1_000, 0);
      const next = [1, 2, 3, 4, 5].map((seconds) => new Date(at + seconds * 1_000).toISOString());
      assert.deepEqual(upcoming, next);
      const before = fires[index - 1];
      if (before !== undefined) {
        assert.ok(timestamp > before.payload.timestamp);
        assert.equal(lastTimestamp, before.payload.timestamp);
      }
      assert.deepEqual((await ended({ id })).output, { areDates: true, count: 5 });
    }
  });

  await t.test("one for other environments does not exist in this one", async () => {
    await assert.rejects(declared("elsewhere"), /no schedule of elsewhere/);
  });

  await t.test("one that code declares can be switched off and on, and nothing else", async () => {
    const rule = { task: "switched", cron: "0 9 * * *" };
    const { id } = await declared("switched");
    const refused = { status: 422, message: /declared in the code of the task switched/ };
    await assert.rejects(schedules.update(id, rule), refused);
    await assert.rejects(schedules.del(id), refused);
    const off = await schedules.deactivate(id);
    assert.deepEqual([off.active, off.nextRun], [false, null]);
    await assertSilent(off, tick);
    const { nextRun, ...on } = await schedules.activate(id);
    assert.ok(on.active && nextRun instanceof Date);
    await untilFires({ ...on, nextRun }, (await firesOf(on)).length + 1);
    await schedules.deactivate(id);
  });

  await t.test("one that a call makes: made, found again by its key, changed, switched and removed", async () => {
    const options = { task: "called", externalId: "customer 1", deduplicationKey: "a key" };
    const made = await schedules.create({ ...options, cron: everySecond, timezone: "America/New_York" });
    assert.match(made.id, /^sched_/);
    assert.deepEqual([made.type, made.active, made.externalId], ["IMPERATIVE", true, "customer 1"]);
    const [fire] = await untilFires(made, 1);
    assert.equal(fire?.schedule?.deduplicationKey, "a key");
    assert.deepEqual(
      [fire?.payload.type, fire?.payload.externalId, fire?.payload.timezone],
      ["IMPERATIVE", "customer 1", "America/New_York"],
    );
    const same = await schedules.create({ ...options, cron: "0 0 9 * * *" });
    assert.deepEqual([same.id, same.generator.expression, same.timezone], [made.id, "0 0 9 * * *", "UTC"]);
    await assertSilent(same, tick);
    const changed = await schedules.update(made.id, { task: "called", cron: everySecond, overlap: "skip" });
    assert.deepEqual([changed.id, changed.externalId, changed.overlap], [made.id, null, "skip"]);
    assert.equal(changed.deduplicationKey, "a key");
    await untilFires(changed, (await firesOf(changed)).length + 1);
    await schedules.deactivate(made.id);
    await assertSilent(made, tick);
    assert.equal((await schedules.retrieve(made.id)).active, false);
    await schedules.activate(made.id);
    await untilFires(made, (await firesOf(made)).length + 1);
    assert.deepEqual(await schedules.del(made.id), { id: made.id });
    await assertSilent(made, tick);
    await assert.rejects(schedules.retrieve(made.id), { status: 404 });
    await assert.rejects(schedules.del(made.id), { status: 404 });
    const [left] = await firesOf(made);
    assert.ok(left !== undefined && left.schedule === undefined, "its runs stay");
  });

  await t.test("what can't be right is refused, with the field and a sentence", async () => {
    const good = { task: "called", cron: "0 9 * * *", deduplicationKey: "bad" };
    const { id } = await schedules.create(good);
    const bad: [object, string, RegExp][] = [
      [{ cron: "60 9 * * *" }, "cron", /"60" is no minute/],
      [{ cron: "0 0 31 2 *" }, "cron", /never fires/],
      [{ cron: "0 0 9 * * * 2030" }, "cron", /years/],
      [{ timezone: "Europe/Atlantis" }, "timezone", /no time zone "Europe\/Atlantis"/],
      [{ cron: "*/30 * * * *", window: "1h" }, "window", /The window 1h is longer than .* 30m/],
      [{ task: "plain" }, "task", /schedules\.task\(\)/],
      [{ task: "nowhere" }, "task", /no task "nowhere"/],
    ];
    for (const [change, param, message] of bad) {
      const refused = (error: ApiError) => {
        assert.deepEqual([error.status, error.param], [422, param], JSON.stringify(change));
        assert.match(error.message, message);
        return true;
      };
      await assert.rejects(schedules.create({ ...good, ...change }), refused);
      await assert.rejects(schedules.update(id, { ...good, ...change }), refused);
    }
    await schedules.del(id);
  });

  await t.test("overlap: skip leaves fires out while a run has not finished", async () => {
    const rule = { task: "long", cron: everySecond, overlap: "skip", deduplicationKey: "skip" } as const;
    const schedule = await schedules.create(rule);
    const fires = await untilFires(schedule, 3);
    await schedules.del(schedule.id);
    for (const [index, { id }] of fires.entries()) {
      const run = await ended({ id });
      assert.equal(run.output, "whole");
      const next = fires[index + 1];
      if (next !== undefined) assert.ok(next.createdAt >= (run.finishedAt ?? next.createdAt));
    }
  });

  await t.test("overlap: cancel ends the earlier run for the next", async () => {
    const rule = { task: "long", cron: everySecond, overlap: "cancel", deduplicationKey: "cancel" } as const;
    const schedule = await schedules.create(rule);
    await untilFires(schedule, 3);
    await schedules.del(schedule.id);
    const fires = await firesOf(schedule);
    for (const { id } of fires.slice(0, -1)) assert.equal((await ended({ id })).status, "CANCELED");
    assert.equal((await ended({ id: fires.at(-1)?.id ?? "" })).output, "whole");
  });

  await t.test("a task of schedules can be triggered like any other", async () => {
    const run = await ended(await tasks.trigger("called", { timestamp: new Date(0) }));
    assert.deepEqual(run.output, { areDates: true, count: 0 });
    assert.equal(run.schedule, undefined);
  });

  await t.test("a new version changes and removes what code declares, and keeps what was switched off", async () => {
    await stage.write({ "app/trigger/tasks.js": tasksOf("second") });
    await dev.untilLine("version_ready", ({ tasks }) => !JSON.stringify(tasks).includes("tick"));
    await assert.rejects(declared("tick"), /no schedule of tick/);
    await assert.rejects(schedules.retrieve(tick.id), { status: 404 });
    const changed = await declared("daily");
    assert.deepEqual(
      [changed.id, changed.generator.expression, changed.timezone, changed.window],
      [daily.id, "30 8 * * 1-5", "Asia/Kolkata", "30m"],
    );
    assert.equal(changed.nextRun?.toISOString().slice(11), "03:00:00.000Z");
    const lateMs = (changed.nextRunEffectiveAt?.getTime() ?? 0) - (changed.nextRun?.getTime() ?? 0);
    assert.ok(lateMs >= 0 && lateMs < 30 * 60_000);
    const switched = await declared("switched");
    assert.deepEqual([switched.active, switched.generator.expression], [false, "*/2 * * * * *"]);
    const [fire] = (await untilFires(await schedules.activate(switched.id), 1)).slice(-1);
    assert.ok(fire !== undefined);
  });

  await t.test("a schedule that can't be right is said to be so where it is declared", async () => {
    await stage.write({ "app/trigger/tasks.js": tasksOf("first").replace("0 9 * * *", "0 25 * * *") });
    const failed = await dev.untilLine("version_failed");
    assert.match(JSON.stringify(failed), /trigger\/tasks\.js.*daily.*is no hour/);
  });
});
