import type { BulkActionObject } from "@pawl/contract/api/bulk-actions";
import { toPublicId } from "@pawl/contract/ids";
import type { BulkActionRecord } from "../engine/bulk-ports.ts";

/**
 * Renders a bulk action.
 *
 * @param action - the action as stored
 * @returns what the API shows of it, with fields that do not apply left out
 */
export function bulkActionObject(action: BulkActionRecord): BulkActionObject {
  return {
    id: toPublicId("bulk", action.id),
    ...(action.name === null ? {} : { name: action.name }),
    type: action.action === "cancel" ? "CANCEL" : "REPLAY",
    status: action.status,
    counts: { total: action.total, success: action.succeeded, failure: action.failed },
    createdAt: action.createdAt.toISOString(),
    ...(action.completedAt === null ? {} : { completedAt: action.completedAt.toISOString() }),
  };
}
