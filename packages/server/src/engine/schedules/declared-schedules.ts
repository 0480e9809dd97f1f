import type { TaskManifest } from "@pawl/contract/task-manifest";
import type { Environment } from "../ports.ts";
import type { PlannedSchedule, RefusedDeclaration } from "../schedule-ports.ts";
import { firesAfter } from "./fire-times.ts";
import { refuseRule } from "./schedule-rule.ts";

/** The schedules that a version's code declares for an environment, or what is wrong with them. */
export type DeclaredSchedules =
  | { readonly kind: "planned"; readonly schedules: readonly PlannedSchedule[] }
  | { readonly kind: "refused"; readonly refused: readonly RefusedDeclaration[] };

/**
 * Reads the schedules that the tasks of a version declare.
 *
 * @param tasks - the tasks; those without a schedule are passed over
 * @param environmentType - a schedule that is for other types of environment is judged and left out
 * @param now - the first fires come after this
 * @returns a schedule for each task that has one here; or else all that are wrong, with their tasks and files
 */
export function planDeclared(
  tasks: readonly TaskManifest[],
  environmentType: Environment["type"],
  now: Date,
): DeclaredSchedules {
  const schedules: PlannedSchedule[] = [];
  const refused: RefusedDeclaration[] = [];
  for (const { id: taskId, filePath, schedule } of tasks) {
    if (schedule === undefined) continue;
    const { cron, timezone = "UTC", window = null, catchUp = "skip", overlap = "allow", environments } = schedule;
    const refusal = refuseRule({ cron, timezone, window });
    if (refusal !== null) {
      refused.push({ taskId, filePath, ...refusal });
      continue;
    }
    if (environments !== undefined && !environments.includes(environmentType)) continue;
    const [nextAt = null] = firesAfter(cron, timezone, now, 1);
    schedules.push({ taskId, cron, timezone, window, externalId: null, catchUp, overlap, nextAt });
  }
  return refused.length > 0 ? { kind: "refused", refused } : { kind: "planned", schedules };
}
