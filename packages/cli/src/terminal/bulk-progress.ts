import type { BulkActionObject } from "@pawl/contract/api/bulk-actions";
import pc from "picocolors";
import { createLiveLines } from "./live-lines.ts";

/** Shows how far a bulk action is. */
export interface BulkProgress {
  readonly show: (action: BulkActionObject) => void;
  /** Takes the line away and gives the terminal back. */
  end(): void;
}

const lineEveryMs = 2_000;
const rateOverMs = 5_000;
const barLength = 20;

/**
 * Makes the display of a bulk action's progress: a line that is drawn again in its place, or, without a terminal, a line now and
 * then while it takes long. It goes to the error output, so that the output has nothing but the end.
 *
 * @param isQuiet - whether to show nothing, since a program reads
 * @returns the display
 */
export function createBulkProgress(isQuiet: boolean): BulkProgress {
  if (isQuiet) return { show: () => undefined, end: () => undefined };
  const rate = createRate();
  const live = process.stderr.isTTY ? createLiveLines(process.stderr) : null;
  let toldAtMs = Date.now();
  return {
    show(action) {
      const nowMs = Date.now();
      const perSecond = rate(doneOf(action), nowMs);
      if (live !== null) return live.draw([renderProgress(action, perSecond, { isBar: true })]);
      if (nowMs - toldAtMs < lineEveryMs) return;
      toldAtMs = nowMs;
      process.stderr.write(`${renderProgress(action, perSecond, { isBar: false })}\n`);
    },
    end() {
      live?.clear();
      live?.end();
    },
  };
}

/**
 * How far a bulk action is, in a line.
 *
 * @param action - the action
 * @param perSecond - how many runs it did in a second lately; null: not known yet
 * @param options - `isBar`: whether a bar is drawn
 * @returns the line for the terminal
 */
export function renderProgress(
  action: BulkActionObject,
  perSecond: number | null,
  { isBar }: { readonly isBar: boolean },
): string {
  const { total } = action.counts;
  if (total === 0) return "Finding the runs …";
  const done = doneOf(action);
  const full = Math.round((done / total) * barLength);
  const bar = isBar ? `${pc.cyan("█".repeat(full))}${pc.dim("░".repeat(barLength - full))} ` : "";
  const verb = action.type === "CANCEL" ? "cancelled" : "replayed";
  const rate = perSecond === null || perSecond === 0 ? "" : `, ${grouped(perSecond)}/s`;
  return `${bar}${grouped(done)} of ${grouped(total)} ${verb}${rate}`;
}

/** How many were done in a second lately; null until two looks are far enough apart. */
function createRate(): (done: number, nowMs: number) => number | null {
  const looks: { readonly done: number; readonly atMs: number }[] = [];
  return (done, nowMs) => {
    looks.push({ done, atMs: nowMs });
    while (looks.length > 2 && nowMs - (looks[1]?.atMs ?? nowMs) > rateOverMs) looks.shift();
    const [first] = looks;
    if (first === undefined || nowMs - first.atMs < 100) return null;
    return Math.round(((done - first.done) * 1_000) / (nowMs - first.atMs));
  };
}

function doneOf({ counts }: BulkActionObject): number {
  return counts.success + counts.failure;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
