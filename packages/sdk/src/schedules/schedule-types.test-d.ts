// Checked by the type checker alone: what tasks of schedules and calls about schedules take and give.
import {
  batch,
  type ScheduledTaskInput,
  type ScheduledTaskPayload,
  schedules,
  type TaskPayload,
  tasks,
} from "../index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}

const morning = schedules.task({
  id: "report.morning",
  cron: {
    pattern: "0 9 * * 1-5",
    timezone: "Europe/Berlin",
    environments: ["PRODUCTION", "STAGING"],
    window: "30m",
    catchUp: "last",
    overlap: "skip",
  },
  queue: { concurrencyLimit: 1 },
  run: async (payload, { ctx, signal }) => {
    same<typeof payload, ScheduledTaskPayload>(true);
    same<typeof payload.timestamp, Date>(true);
    return [ctx.run.id, signal.aborted, payload.upcoming.length] as const;
  },
  onCancel: ({ payload }) => same<typeof payload, ScheduledTaskPayload>(true),
});
schedules.task({
  id: "hooked",
  cron: "@daily",
  init: async ({ payload }) => ({ day: payload.timestamp }),
  run: async (_payload, { init }) => {
    same<typeof init, { day: Date }>(true);
    return 1;
  },
  onSuccess: ({ output }) => same<typeof output, number>(true),
});
const plain = schedules.task({ id: "plain", cron: "0 9 * * *", run: () => 1 });
schedules.task({ id: "for-calls", run: () => 1 });
for (const percent of [10, 25]) {
  schedules.task({ id: "spread", cron: { pattern: "@hourly", window: `${percent}%` }, run: () => 1 });
}
// @ts-expect-error a window has a unit
schedules.task({ id: "a", cron: { pattern: "@hourly", window: "30" }, run: () => 1 });
// @ts-expect-error the pattern is missing
schedules.task({ id: "a", cron: { timezone: "Europe/Berlin" }, run: () => 1 });
// @ts-expect-error no such environment
schedules.task({ id: "a", cron: { pattern: "@hourly", environments: ["PROD"] }, run: () => 1 });
// @ts-expect-error no such policy
schedules.task({ id: "a", cron: { pattern: "@hourly", overlap: "queue" }, run: () => 1 });

export async function triggersByHand(payload: ScheduledTaskPayload) {
  same<Exclude<TaskPayload<typeof morning>, void>, ScheduledTaskInput>(true);
  await morning.trigger(payload);
  await tasks.trigger<typeof morning>("report.morning", payload);
  for (const timestamp of payload.upcoming) await morning.trigger({ timestamp });
  await morning.trigger({}, { tags: ["by-hand"] });
  await morning.trigger();
  await tasks.trigger<typeof morning>("report.morning");
  await tasks.trigger<typeof morning>("report.morning", { timezone: "Europe/Berlin" });
  await tasks.triggerAndWait<typeof morning>("report.morning").unwrap();
  await morning.batchTrigger([{ payload: { externalId: "customer" } }, { options: { delay: "1h" } }]);
  await batch.trigger<typeof morning | typeof plain>([{ id: "report.morning" }, { id: "plain", payload: {} }]);
  // @ts-expect-error a time is a date
  await morning.trigger({ timestamp: "2026-01-01" });
  // @ts-expect-error no such field
  await tasks.trigger<typeof morning>("report.morning", { time: new Date() });
}

export async function managesSchedules() {
  const options = { task: "report.morning", cron: "0 9 * * *", timezone: "Europe/Berlin", window: "2h" } as const;
  const created = await schedules.create({ ...options, deduplicationKey: "k", externalId: "customer" });
  same<typeof created.nextRun, Date | null>(true);
  same<typeof created.nextRunEffectiveAt, Date | undefined>(true);
  await schedules.update(created.id, { ...options, catchUp: "all", overlap: "cancel" });
  for await (const listed of schedules.list({ page: 1, perPage: 50 })) same<typeof listed.active, boolean>(true);
  same<{ readonly id: string }, Awaited<ReturnType<typeof schedules.del>>>(true);
  const { timezones } = await schedules.timezones({ excludeUtc: true });
  same<typeof timezones, readonly string[]>(true);
  // @ts-expect-error the key is missing
  await schedules.create(options);
  // @ts-expect-error a key is for good
  await schedules.update(created.id, { ...options, deduplicationKey: "k" });
}
