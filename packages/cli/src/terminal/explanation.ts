import type { RunExplanation } from "@pawl/contract/api/explain";
import type { RunDetail } from "@pawl/contract/api/runs";
import pc from "picocolors";
import { withLocalTimes } from "./clock.ts";
import { coloredStatus } from "./status.ts";

/**
 * Why a run does not execute: the reason, then what has to hold for it to start, each with a mark.
 *
 * @param run - the run
 * @param explanation - what the server found
 * @returns the lines for the terminal
 */
export function renderExplanation(run: RunDetail, { reason, conditions }: RunExplanation): readonly string[] {
  const lines = [
    reason === null ? settledSentence(run) : pc.yellow(withLocalTimes(reason)),
    `${coloredStatus(run.status)}  ${pc.bold(run.taskIdentifier)}  ${run.id}`,
  ];
  if (conditions.length === 0) return lines;
  const marked = conditions.map(
    ({ holds, detail }) => `  ${holds ? pc.green("✓") : pc.red("✗")} ${withLocalTimes(detail)}`,
  );
  return [...lines, "", ...marked];
}

function settledSentence({ isCompleted }: RunDetail): string {
  return isCompleted ? "The run has finished: it waits for nothing." : "Nothing keeps the run: its code executes.";
}
