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
  async function plan(
    environmentId: string,
    rule: ScheduleRule,
  ): Promise<{ readonly kind: "planned"; readonly planned: PlannedSchedule; readonly now: Date } | ScheduleRefusal> {
    const refusal =
      refuseRule(rule) ?? refuseTask(rule.taskId, await schedules.taskStanding(environmentId, rule.taskId));
    if (refusal !== null) return { kind: "refused", ...refusal };
    const now = await schedules.now();
    return { kind: "planned", planned: { ...rule, nextAt: nextAfter(rule, now) }, now };
  }

  function changed(schedule: ScheduleRecord | null, now: Date): ScheduleOutcome {
    if (schedule === null) return { kind: "not_found" };
    if (schedule.nextAt !== null) services.scheduleFires.expect(schedule.nextAt.getTime() - now.getTime());
    return { kind: "schedule", schedule };
  }

  return {
    async createSchedule(environmentId, { deduplicationKey, ...rule }) {
      const judged = await plan(environmentId, rule);
      if (judged.kind === "refused") return judged;
      const schedule = { ...judged.planned, id: newUuid(), deduplicationKey };
      return changed(await schedules.upsert(environmentId, schedule), judged.now);
    },
    async updateSchedule(environmentId, id, rule) {
      const current = await schedules.retrieve(environmentId, id);
      if (current === null) return { kind: "not_found" };
      if (current.type === "declarative") return { kind: "declared", taskId: current.taskId };
      const judged = await plan(environmentId, rule);
      if (judged.kind === "refused") return judged;
      return changed(await schedules.update(environmentId, id, judged.planned), judged.now);
    },
    async setScheduleActive(environmentId, id, isActive) {
      const current = await schedules.retrieve(environmentId, id);
      if (current === null) return { kind: "not_found" };
      const now = await schedules.now();
      const nextAt = isActive ? nextAfter(current, now) : null;
      return changed(await schedules.setActive(environmentId, id, isActive, nextAt), now);
    },
    async removeSchedule(environmentId, id) {
      const current = await schedules.retrieve(environmentId, id);
      if (current === null) return "not_found";
      if (current.type === "declarative") return { kind: "declared", taskId: current.taskId };
      return (await schedules.remove(environmentId, id)) ? "removed" : "not_found";
    },
  };
}

function nextAfter({ cron, timezone }: ScheduleRule, now: Date): Date | null {
  const [next = null] = firesAfter(cron, timezone, now, 1);
  return next;
}
