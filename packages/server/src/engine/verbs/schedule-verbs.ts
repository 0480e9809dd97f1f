import { newUuid } from "@pawl/contract/ids";
import type { Engine } from "../engine.ts";
import type {
  PlannedSchedule,
  ScheduleOutcome,
  ScheduleRecord,
  ScheduleRefusal,
  ScheduleRule,
} from "../schedule-ports.ts";
import { firesAfter } from "../schedules/fire-times.ts";
import { refuseRule, refuseTask } from "../schedules/schedule-rule.ts";
import type { EngineParts } from "./engine-parts.ts";

/** The verbs of schedules. */
export type ScheduleVerbs = Pick<Engine, "createSchedule" | "updateSchedule" | "setScheduleActive" | "removeSchedule">;

/**
 * Makes the verbs of schedules.
 *
 * @param parts - what they work with
 * @returns the verbs
 */
export function scheduleVerbs({ settings: { schedules }, services }: EngineParts): ScheduleVerbs {
  async function plan(environmentId: string, rule: ScheduleRule): Promise<PlannedSchedule | ScheduleRefusal> {
    const refusal =
      refuseRule(rule) ?? refuseTask(rule.taskId, await schedules.taskStanding(environmentId, rule.taskId));
    if (refusal !== null) return { kind: "refused", ...refusal };
    return { ...rule, nextAt: await nextAt(rule) };
  }

  async function nextAt({ cron, timezone }: ScheduleRule): Promise<Date | null> {
    const [next = null] = firesAfter(cron, timezone, await schedules.now(), 1);
    return next;
  }

  function changed(schedule: ScheduleRecord | null): ScheduleOutcome {
    if (schedule === null) return { kind: "not_found" };
    if (schedule.nextAt !== null) services.scheduleFires.expectAt(schedule.nextAt);
    return { kind: "schedule", schedule };
  }

  return {
    async createSchedule(environmentId, { deduplicationKey, ...rule }) {
      const planned = await plan(environmentId, rule);
      if ("kind" in planned) return planned;
      return changed(await schedules.upsert(environmentId, { ...planned, id: newUuid(), deduplicationKey }));
    },
    async updateSchedule(environmentId, id, rule) {
      const current = await schedules.retrieve(environmentId, id);
      if (current === null) return { kind: "not_found" };
      if (current.type === "declarative") return { kind: "declared", taskId: current.taskId };
      const planned = await plan(environmentId, rule);
      if ("kind" in planned) return planned;
      return changed(await schedules.update(environmentId, id, planned));
    },
    async setScheduleActive(environmentId, id, isActive) {
      const current = await schedules.retrieve(environmentId, id);
      if (current === null) return { kind: "not_found" };
      return changed(await schedules.setActive(environmentId, id, isActive, isActive ? await nextAt(current) : null));
    },
    async removeSchedule(environmentId, id) {
      const current = await schedules.retrieve(environmentId, id);
      if (current === null) return "not_found";
      if (current.type === "declarative") return { kind: "declared", taskId: current.taskId };
      return (await schedules.remove(environmentId, id)) ? "removed" : "not_found";
    },
  };
}
