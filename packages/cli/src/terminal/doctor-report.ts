import type { DoctorReport, InvariantCheck } from "@pawl/contract/api/doctor";
import { formatDuration } from "@pawl/contract/duration";
import pc from "picocolors";

/**
 * What a check of the invariants found: each with a mark and the time it took, and the first rows that break it.
 *
 * @param report - what the server found
 * @returns the lines for the terminal
 */
export function renderDoctorReport({ invariants, durationMs }: DoctorReport): readonly string[] {
  const broken = invariants.filter(({ holds, skipped }) => !holds && skipped === undefined).length;
  const skipped = invariants.filter((check) => check.skipped !== undefined).length;
  const took = pc.dim(`(${formatDuration(durationMs)})`);
  const verdict =
    broken === 0
      ? `${pc.green("✔")} ${count(invariants.length - skipped)} held${skipped === 0 ? "" : `, ${skipped} could not be judged`} ${took}`
      : `${pc.red("✖")} ${broken} of ${count(invariants.length)} ${broken === 1 ? "does" : "do"} not hold ${took}`;
  return [...invariants.flatMap(linesOf), "", verdict];
}

function linesOf(check: InvariantCheck): readonly string[] {
  const head = `${markOf(check)} ${check.title} ${pc.dim(formatDuration(check.durationMs))}`;
  if (check.skipped !== undefined) return [head, pc.dim(`    ${check.skipped}`)];
  const rows = check.rows.map((row) => pc.red(`    ${JSON.stringify(row)}`));
  const left = (check.count ?? 0) - check.rows.length;
  return [head, ...rows, ...(left > 0 ? [pc.dim(`    and ${left} more`)] : [])];
}

function markOf({ holds, skipped }: InvariantCheck): string {
  if (skipped !== undefined) return pc.yellow("–");
  return holds ? pc.green("✓") : pc.red("✗");
}

function count(invariants: number): string {
  return invariants === 1 ? "1 invariant" : `${invariants} invariants`;
}
