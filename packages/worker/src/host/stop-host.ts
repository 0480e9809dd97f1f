import type { ProcessListener } from "./process-listener.ts";
import type { OutputFolder } from "./process-output.ts";
import type { ProcessPool } from "./process-pool.ts";
import type { ServerConnection } from "./server-connection.ts";
import type { TelemetryQueue } from "./telemetry-queue.ts";
import type { WorkerHost } from "./worker-host.ts";

const reportGraceMs = 3_000;
const telemetryGraceMs = 2_000;
const exitGraceMs = 1_000;

/** Everything that belongs to a host. `pool` is null when it never came to be. */
export interface StoppedParts {
  readonly worker: WorkerHost;
  readonly pool: ProcessPool | null;
  readonly connection: ServerConnection;
  readonly telemetry: TelemetryQueue;
  readonly listener: ProcessListener;
  readonly outputs: OutputFolder;
}

/**
 * Stops a host: gives back what has not started, waits for what executes, kills the rest and reports it, lets every process
 * end, delivers reports and telemetry within bounds, and closes. No process is left behind.
 *
 * @param parts - the host
 * @param graceMs - how long executing runs get, in milliseconds
 * @param hurried - ends that time at once
 */
export async function stopHost(parts: StoppedParts, graceMs: number, hurried: Promise<void>): Promise<void> {
  const { worker, pool, connection, telemetry, listener, outputs } = parts;
  worker.isDraining = true;
  if (pool !== null) {
    worker.drain();
    await within(graceMs, Promise.race([worker.whenIdle(), hurried]));
    killBusy(worker, pool);
    await endAll(pool);
    if (connection.isConnected) await within(reportGraceMs, worker.reporter.whenEmpty());
    await telemetry.flush(telemetryGraceMs);
  }
  telemetry.close();
  worker.close();
  connection.close();
  listener.close();
  outputs.remove();
}

function killBusy(worker: WorkerHost, pool: ProcessPool): void {
  for (const process of [...pool.values()]) {
    if (process.run === null) continue;
    const { runId, fence } = process.run.run;
    const message = "The host stopped before the run had ended.";
    worker.kill(process, {
      kind: "failed",
      runId,
      fence,
      error: { type: "INTERNAL_ERROR", code: "TASK_PROCESS_SIGTERM", message },
      durationMs: performance.now() - process.sinceMs,
    });
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
