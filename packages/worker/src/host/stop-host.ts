import type { Assignment } from "./assignment.ts";
import type { ProcessListener } from "./process-listener.ts";
import type { OutputFolder } from "./process-output.ts";
import type { ProcessPool } from "./process-pool.ts";
import type { Reporter } from "./reporter.ts";
import type { ServerConnection } from "./server-connection.ts";
import type { TelemetryQueue } from "./telemetry-queue.ts";
import type { WorkerHost } from "./worker-host.ts";

const reportGraceMs = 3_000;
const telemetryGraceMs = 2_000;
const exitGraceMs = 1_000;

/** Everything that belongs to a host. */
export interface StoppedParts {
  readonly worker: WorkerHost;
  readonly assignment: Assignment;
  readonly reporter: Reporter;
  readonly pool: ProcessPool;
  readonly connection: ServerConnection;
  readonly telemetry: TelemetryQueue;
  readonly listener: ProcessListener;
  readonly outputs: OutputFolder;
}

/**
 * Stops a host: gives back what has not started, waits for what executes, kills the rest and reports it, leaves parked runs
 * to other hosts, lets every process end, delivers reports and telemetry within bounds, and closes. No process is left behind.
 *
 * @param parts - the host
 * @param graceMs - how long executing runs get, in milliseconds
 * @param hurried - ends that time at once
 */
export async function stopHost(parts: StoppedParts, graceMs: number, hurried: Promise<void>): Promise<void> {
  const { worker, assignment, reporter, pool, connection, telemetry } = parts;
  worker.drain();
  await within(graceMs, Promise.race([assignment.whenIdle(), hurried]));
  killBusy(assignment, pool);
  assignment.parking.orphanAll();
  await endAll(pool);
  if (connection.isConnected) await within(reportGraceMs, reporter.whenEmpty());
  await telemetry.flush(telemetryGraceMs);
  telemetry.close();
  worker.close();
  connection.close();
  parts.listener.close();
  parts.outputs.remove();
}

function killBusy(assignment: Assignment, pool: ProcessPool): void {
  const message = "The host stopped before the run had ended.";
  const error = { type: "INTERNAL_ERROR", code: "TASK_PROCESS_SIGTERM", message } as const;
  for (const process of pool.values()) {
    const { executing } = process;
    if (executing.length === 0) continue;
    const nowMs = performance.now();
    for (const run of executing) assignment.fail(run, error, process.executedMs(run, nowMs));
    for (const run of process.runs.slice(1)) assignment.giveBack(run);
    process.kill();
  }
}

async function endAll(pool: ProcessPool): Promise<void> {
  for (const process of pool.values()) {
    if (process.state === "starting") process.kill();
    else process.exit();
  }
  await within(exitGraceMs, pool.whenEmpty());
  for (const process of pool.values()) process.kill();
  await within(exitGraceMs, pool.whenEmpty());
}

async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
