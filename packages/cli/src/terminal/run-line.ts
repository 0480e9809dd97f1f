import type { RunDetail } from "@pawl/contract/api/runs";
import pc from "picocolors";
import { withLocalTimes } from "./clock.ts";
import { coloredStatus } from "./status.ts";

/**
 * How a run stands after a change, and why it waits.
 *
 * @param run - the run
 * @returns the lines for the terminal
 */
export function renderRunLine(run: RunDetail): readonly string[] {
  const line = `${coloredStatus(run.status)}  ${pc.bold(run.taskIdentifier)}  ${run.id}`;
  return run.reason === undefined ? [line] : [line, pc.yellow(`  ${withLocalTimes(run.reason)}`)];
}

/**
 * That a run was triggered again.
 *
 * @param id - the run that was replayed
 * @param newId - the run that was made
 * @returns the lines for the terminal
 */
export function renderReplayedRun(id: string, newId: string): readonly string[] {
  return [`${pc.cyan("▶")} ${newId} ${pc.dim(`replays ${id}`)}`, pc.dim(`  pawl runs show ${newId}`)];
}
