import type { BulkDryRunAnswer } from "@pawl/contract/api/bulk-actions";
import type { RunList } from "@pawl/contract/api/runs";
import pc from "picocolors";
import { renderRunTable } from "./run-table.ts";

type Action = "cancel" | "replay";

/**
 * What is about to be done, and to how many runs.
 *
 * @param action - what
 * @param count - of the runs that match
 * @param environment - whose runs; undefined where it is not known
 * @returns a sentence
 * @example
 * ```ts
 * sentenceOf("cancel", { count: 1_234, isExact: true }, "dev"); // "This cancels 1,234 runs of dev."
 * ```
 */
export function sentenceOf(action: Action, count: BulkDryRunAnswer, environment: string | undefined): string {
  return `This ${action}s ${runs(count)}${environment === undefined ? "" : ` of ${environment}`}.`;
}

/**
 * What would be done, with the newest of the runs.
 *
 * @param action - what
 * @param count - of the runs that match
 * @param sample - the newest of them
 * @param width - how many characters a line may have; default: those of the terminal
 * @returns the lines for the terminal
 */
export function renderDryRun(
  action: Action,
  count: BulkDryRunAnswer,
  sample: RunList,
  width?: number,
): readonly string[] {
  const [first] = sample.data;
  if (count.count === 0 || first === undefined) return renderNoMatch(action);
  const left = count.count - sample.data.length;
  return [
    `This would ${action} ${runs(count)} of ${first.env.name}. Nothing was done.`,
    "",
    ...renderRunTable({ data: sample.data, pagination: {} }, { isFiltered: true, width }),
    ...(left > 0 ? [pc.dim(`and ${left.toLocaleString("en-US")}${count.isExact ? "" : " or more"} older`)] : []),
  ];
}

/**
 * That there is nothing to do.
 *
 * @param action - what was to be done
 * @returns the lines for the terminal
 */
export function renderNoMatch(action: Action): readonly string[] {
  return [`No ${action === "cancel" ? "unfinished " : ""}run matches: there is nothing to ${action}.`];
}

/**
 * That the answer was no.
 *
 * @returns the lines for the terminal
 */
export function renderUndone(): readonly string[] {
  return ["Nothing was done."];
}

function runs({ count, isExact }: BulkDryRunAnswer): string {
  const number = count.toLocaleString("en-US");
  if (!isExact) return `${number} or more runs`;
  return count === 1 ? "1 run" : `${number} runs`;
}
