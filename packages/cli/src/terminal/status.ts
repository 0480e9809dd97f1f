import type { PublicStatus } from "@pawl/contract/run-state";
import pc from "picocolors";

const colors: Record<PublicStatus, (text: string) => string> = {
  PENDING_VERSION: pc.yellow,
  QUEUED: pc.dim,
  DEQUEUED: pc.cyan,
  EXECUTING: pc.cyan,
  WAITING: pc.blue,
  DELAYED: pc.dim,
  COMPLETED: pc.green,
  CANCELED: pc.yellow,
  FAILED: pc.red,
  CRASHED: pc.red,
  SYSTEM_FAILURE: pc.red,
  EXPIRED: pc.yellow,
  TIMED_OUT: pc.red,
};

/**
 * A run's status in its color.
 *
 * @param status - a public status
 * @returns the text for the terminal
 */
export function coloredStatus(status: PublicStatus): string {
  return colors[status](status);
}
