import { runtime } from "../runtime.ts";
import type { MetadataQueue } from "./metadata-queue.ts";

/** Where the changes of a run's metadata are kept among what its code keeps for itself. */
export const metadataLocalsKey = "pawl.metadata";

/**
 * Sends the changes of metadata that the calling run has made, before it makes runs: what it has set before must not overwrite what
 * they change.
 *
 * @returns a promise that never rejects, since what can't be sent now is sent later; null when there is nothing to send
 * @example
 * ```ts
 * const sending = sendUnsentMetadata();
 * if (sending !== null) await sending;
 * ```
 */
export function sendUnsentMetadata(): Promise<void> | null {
  const queue = runtime().context?.getStore()?.locals?.get(metadataLocalsKey) as MetadataQueue | undefined; // kept by metadata
  if (queue === undefined || !queue.hasUnsent) return null;
  return queue.flush().catch(() => undefined);
}
