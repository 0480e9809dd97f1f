import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import type { DeclaredSchedule } from "@pawl/contract/schedule";
import { limitedTask, plainTask } from "../../store/runs/fixtures/run-stage.ts";
import { scheduleStage } from "../../store/schedules/fixtures/schedule-stage.ts";
import { createScheduleStore } from "../../store/schedules/schedule-store.ts";
import { type EngineStage, engineStage, startServer } from "../fixtures/engine-stage.ts";
import { PlayedHost } from "../fixtures/played-host.ts";
import type { ScheduleRule } from "../schedule-ports.ts";
import { firesAfter } from "../schedules/fire-times.ts";

async function stageOf(t: TestContext): Promise<EngineStage> {
  const stage = await engineStage(t);
  await stage.sql("update task set is_scheduled = true where id = $1", [plainTask]);
  return stage;
}

function rule(changes: Partial<ScheduleRule> = {}): ScheduleRule {
  return {
    taskId: plainTask,
    cron: "0 0 1 1 *",
    timezone: "UTC",
    window: null,
    externalId: null,
    catchUp: "skip",
    overlap: "allow",
    ...changes,
  };
}

function create({ engine, environment }: EngineStage, changes: Partial<ScheduleRule> = {}) {
  return engine.createSchedule(environment.id, { ...rule(changes), deduplicationKey: newUuid() });
}

async function created(stage: EngineStage, changes: Partial<ScheduleRule> = {}) {
  const outcome = await create(stage, changes);
  return outcome.kind === "schedule" ? outcome.schedule : assert.fail(outcome.kind);
}

test("a schedule is made with its next fire, and made again under its key", async (t) => {
  const stage = await stageOf(t);
  const { engine, environment } = stage;
  const made = await created(stage);
  assert.deepEqual(made.nextAt, firesAfter("0 0 1 1 *", "UTC", new Date(), 1)[0]);
  const deduplicationKey = made.deduplicationKey ?? "";
  const again = await engine.createSchedule(environment.id, { ...rule({ cron: "0 0 1 2 *" }), deduplicationKey });
  assert.ok(again.kind === "schedule");
  assert.deepEqual([again.schedule.id, again.schedule.cron], [made.id, "0 0 1 2 *"]);
});

for (const [field, changes] of [
  ["cron", { cron: "61 * * * *" }],
  ["cron", { cron: "0 0 31 2 *" }],
  ["timezone", { timezone: "Moon/Base" }],
  ["window", { cron: "*/5 * * * *", window: "10m" }],
  ["task", { taskId: "gone" }],
  ["task", { taskId: limitedTask }],
] as const) {
  test(`a schedule is refused for its ${field}: ${Object.values(changes).join(", ")}`, async (t) => {
    const stage = await stageOf(t);
    const outcome = await create(stage, changes);
    assert.equal(outcome.kind === "refused" && outcome.field, field);
    const made = await created(stage);
    const change = await stage.engine.updateSchedule(stage.environment.id, made.id, rule(changes));
    assert.deepEqual(change, outcome);
  });
}

test("what is not there is not found", async (t) => {
  const { engine, environment } = await stageOf(t);
  assert.deepEqual(await engine.updateSchedule(environment.id, newUuid(), rule()), { kind: "not_found" });
  assert.deepEqual(await engine.setScheduleActive(environment.id, newUuid(), true), { kind: "not_found" });
  assert.equal(await engine.removeSchedule(environment.id, newUuid()), "not_found");
});

test("a schedule is deactivated, activated and removed", async (t) => {
  const stage = await stageOf(t);
  const { engine, environment } = stage;
  const { id, nextAt } = await created(stage);
  const off = await engine.setScheduleActive(environment.id, id, false);
  assert.deepEqual(off.kind === "schedule" && [off.schedule.isActive, off.schedule.nextAt], [false, null]);
  const on = await engine.setScheduleActive(environment.id, id, true);
  assert.deepEqual(on.kind === "schedule" && [on.schedule.isActive, on.schedule.nextAt], [true, nextAt]);
  assert.equal(await engine.removeSchedule(environment.id, id), "removed");
  assert.equal(await engine.removeSchedule(environment.id, id), "not_found");
});

function register(stage: EngineStage, contentHash: string, schedule: DeclaredSchedule) {
  const queue = { name: `task/${plainTask}` };
  const task = { id: plainTask, filePath: "trigger/plain.ts", queue, retry: defaultRetryPolicy, schedule };
  return stage.engine.registerVersion(stage.environment, { contentHash, processKeepAlive: true, tasks: [task] });
}

test("a declared schedule comes with its version, and is changed in code only", async (t) => {
  const stage = await stageOf(t);
  const { engine, environment } = stage;
  assert.equal((await register(stage, "content-2", { cron: "0 0 1 1 *" })).kind, "registered");
  const { schedules } = await createScheduleStore(stage.database).list(environment.id, { offset: 0, size: 10 });
  const { id = "" } = schedules[0] ?? {};
  assert.equal(schedules.length, 1);
  const declared = { kind: "declared", taskId: plainTask };
  assert.deepEqual(await engine.updateSchedule(environment.id, id, rule()), declared);
  assert.deepEqual(await engine.removeSchedule(environment.id, id), declared);
  const off = await engine.setScheduleActive(environment.id, id, false);
  assert.ok(off.kind === "schedule" && !off.schedule.isActive);
});

test("a version with a schedule that can't fire is not registered", async (t) => {
  const stage = await stageOf(t);
  const outcome = await register(stage, "content-2", { cron: "0 25 * * *" });
  assert.ok(outcome.kind === "refused");
  const [refused] = outcome.refused;
  assert.deepEqual([refused?.taskId, refused?.filePath, refused?.field], [plainTask, "trigger/plain.ts", "cron"]);
  assert.match(refused?.reason ?? "", /"25" is no hour/);
  assert.deepEqual(await stage.sql("select 1 as n from version where content_hash = 'content-2'"), []);
});

test("a schedule of every second fires by itself, each time once, with two servers", async (t) => {
  const stage = await scheduleStage(t);
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const servers = [await startServer(stage, onError), await startServer(stage, onError)] as const;
  const hosts = servers.map((server) => {
    const { environment, versionId } = stage;
    const host = new PlayedHost({ environment, versions: [versionId], processes: 2, play: async () => undefined });
    stage.onEnd(() => host.close());
    host.connect(server);
    return host;
  });
  const environmentId = stage.environment.id;
  const every = rule({ cron: "* * * * * *", catchUp: "all" });
  const made = await servers[0].createSchedule(environmentId, { ...every, deduplicationKey: "every second" });
  const { id = "" } = made.kind === "schedule" ? made.schedule : {};
  await servers[1].setScheduleActive(environmentId, id, true); // so that both know of it
  const finished = () => hosts.reduce((sum, host) => sum + host.finished.size, 0);
  await Promise.race(hosts.map((host) => host.until(() => finished() >= 4)));
  await servers[0].setScheduleActive(environmentId, id, false);
  for (const server of servers) await server.stop();
  const fires = await stage.sql(
    "select f.at, r.id from run r left join schedule_fire f on f.run_id = r.id where r.schedule_id = $1 order by f.at",
    [id],
  );
  const seconds = fires.map(({ at }) => (at as Date).getTime() / 1_000); // a timestamp
  assert.ok(seconds.length >= 4);
  assert.deepEqual(
    seconds,
    seconds.map((_, index) => (seconds[0] ?? 0) + index),
  );
  assert.deepEqual(errors, []);
});

test("in development, what was missed without a host is made up for when one connects", async (t) => {
  const stage = await stageOf(t);
  const { id } = await created(stage, { catchUp: "last" });
  await stage.loseHost();
  await stage.sql("update schedule set next_at = date_trunc('year', now()), due_at = null");
  const host = stage.playedHost({ processes: 1, play: async () => undefined });
  host.connect(stage.engine);
  await host.until(() => host.finished.size === 1);
  const [run] = await stage.sql("select schedule_id from run");
  assert.equal(run?.schedule_id, id);
});
