import { existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { TaskContext } from "@pawl/sdk";

let file: number | undefined;

/**
 * Writes down that code of a run has come to a place: one file a process, opened for appending, so that what is written stays,
 * however the process ends.
 *
 * @param ctx - the run's context
 * @param name - the place
 * @param note - what a test wants to know about it
 */
export function mark(ctx: TaskContext, name: string, note?: unknown): void {
  file ??= openSync(join(process.env.PAWL_E2E_MARKS ?? "", `${process.pid}-${Date.now()}.marks`), "a");
  const { attempt, run, task } = ctx;
  const about = { runId: run.id, taskId: task.id, attempt: attempt.number, pid: process.pid, atMs: Date.now() };
  writeSync(file, `${JSON.stringify({ name, ...about, note })}\n`);
}

/**
 * Executes the body of a task and marks its start and its end.
 *
 * @param ctx - the run's context
 * @param body - the work
 * @returns what the body returns
 */
export async function between<T>(ctx: TaskContext, body: () => Promise<T> | T): Promise<T> {
  mark(ctx, "start");
  try {
    return await body();
  } finally {
    mark(ctx, "end");
  }
}

/**
 * Executes until a file is there.
 *
 * @param gate - its path
 */
export async function untilOpen(gate: string): Promise<void> {
  while (!existsSync(gate)) await delay(10);
}
