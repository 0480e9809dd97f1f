import { setTimeout as delay } from "node:timers/promises";
import type { BulkActionObject } from "@pawl/contract/api/bulk-actions";
import type { BulkActionClient } from "./api/bulk-actions.ts";
import { UnreachableError } from "./api/client.ts";

const firstPauseMs = 100;
const longestPauseMs = 1_000;
const patienceMs = 30_000;

/**
 * Follows a bulk action until it has ended. A server that is away for up to half a minute is waited for.
 *
 * @param bulk - the server
 * @param id - of the action, `bulk_…`
 * @param onProgress - told how it stands, again and again
 * @returns the action that has ended
 */
export async function followBulkAction(
  bulk: Pick<BulkActionClient, "retrieve">,
  id: string,
  onProgress: (action: BulkActionObject) => void,
): Promise<BulkActionObject> {
  let answeredAtMs = Date.now();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const action = await bulk.retrieve(id).catch((error: unknown) => {
      if (error instanceof UnreachableError && Date.now() - answeredAtMs < patienceMs) return null;
      throw error;
    });
    if (action !== null) {
      answeredAtMs = Date.now();
      if (action.status !== "PENDING") return action;
      onProgress(action);
    }
    await delay(pauseMs);
  }
}
