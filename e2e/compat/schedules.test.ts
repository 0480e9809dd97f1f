import assert from "node:assert/strict";
import { test } from "node:test";
import { NotFoundError, runs, schedules, UnprocessableEntityError } from "@trigger.dev/sdk";
import { until } from "../stage/until.ts";
import { openForClient } from "./client.ts";

const rule = { task: "scheduled", cron: "0 9 * * *", externalId: "customer" };

test("the published client manages schedules", async (t) => {
  await openForClient(t);

  await t.test("makes one, and reads the run that it makes", async () => {
    const schedule = await schedules.create({ ...rule, cron: "* * * * * *", deduplicationKey: "every second" });
    assert.match(schedule.id, /^sched_/);
    assert.equal(schedule.type, "IMPERATIVE");
    assert.ok(schedule.nextRun instanceof Date);
    assert.equal(schedule.environments[0]?.type, "DEVELOPMENT");
    const made = await until("it has made a run", async () => (await runs.list({ schedule: schedule.id })).data[0]);
    const run = await runs.poll(made.id, { pollIntervalMs: 25 });
    assert.equal(run.output, "customer");
    const { id, externalId, deduplicationKey, generator } = run.schedule ?? {};
    assert.deepEqual([id, externalId, deduplicationKey], [schedule.id, "customer", "every second"]);
    assert.deepEqual(generator, schedule.generator);
    assert.deepEqual(await schedules.del(schedule.id), { id: schedule.id });
    await assert.rejects(schedules.retrieve(schedule.id), NotFoundError);
  });

  await t.test("changes it, switches it, and finds it in pages", async () => {
    const options = { ...rule, timezone: "Europe/Berlin", window: "30m", deduplicationKey: "a key" } as const;
    const { id, ...made } = await schedules.create(options);
    assert.deepEqual([made.timezone, made.window, made.active], ["Europe/Berlin", "30m", true]);
    assert.equal((await schedules.create({ ...options, cron: "0 10 * * *" })).id, id);
    const changed = await schedules.update(id, { ...rule, cron: "0 11 * * *" });
    assert.deepEqual([changed.id, changed.generator.expression], [id, "0 11 * * *"]);
    assert.equal((await schedules.deactivate(id)).active, false);
    assert.equal((await schedules.activate(id)).active, true);
    await schedules.create({ ...options, deduplicationKey: "another" });
    const page = await schedules.list({ page: 2, perPage: 1 });
    assert.deepEqual([page.data.length, page.pagination], [1, { currentPage: 2, totalPages: 2, count: 2 }]);
    const all: string[] = [];
    for await (const schedule of schedules.list({ perPage: 1 })) all.push(schedule.id);
    assert.equal(new Set(all).size, 2);
  });

  await t.test("is told what is wrong", async () => {
    const refused = (error: unknown) => {
      assert.ok(error instanceof UnprocessableEntityError);
      assert.match(error.message, /"60" is no minute/);
      return true;
    };
    await assert.rejects(schedules.create({ ...rule, cron: "60 * * * *", deduplicationKey: "bad" }), refused);
  });

  await t.test("asks for time zones without a key", async () => {
    const { timezones } = await schedules.timezones({ excludeUtc: true });
    assert.ok(timezones.includes("Europe/Berlin") && !timezones.includes("UTC"));
  });
});
