import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { TaskContext } from "@pawl/sdk";

let file: number | undefined;

/** One file a process, opened for appending: what is written stays, however the process ends. */
function write(event: "start" | "end" | "throw", ctx: TaskContext): void {
  file ??= openSync(join(process.env.PAWL_E2E_LEDGER ?? "", `${process.pid}-${Date.now()}.ledger`), "a");
  writeSync(file, `${event} ${ctx.run.id} ${ctx.attempt.number} ${Date.now()}\n`);
}

/**
 * Executes the body of a task and writes into the ledger that it began, and how it ended.
 *
 * @param ctx - the run's context
 * @param body - the work
 * @returns what the body returns
 */
export async function recorded<T>(ctx: TaskContext, body: () => Promise<T> | T): Promise<T> {
  write("start", ctx);
  try {
    const output = await body();
    write("end", ctx);
    return output;
  } catch (error) {
    write("throw", ctx);
    throw error;
  }
}
