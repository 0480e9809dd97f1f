import type { RunStore } from "../../engine/ports.ts";
import type { Database } from "../db.ts";
import { cancel, endCancelling } from "./cancel.ts";
import { canceledChildren, liveChildren } from "./children.ts";
import { Claims } from "./claim.ts";
import { transactionAgain } from "./contended.ts";
import { promoteDue } from "./due.ts";
import { hostOrders, resumedBefore } from "./host-orders.ts";
import { resetIdempotencyKey } from "./idempotency-key.ts";
import { insertAndClaim } from "./insert-and-claim.ts";
import { insertOrFind, sendAlone } from "./insert-or-find.ts";
import { promotePendingRuns } from "./promote.ts";
import { reconcile } from "./reconcile.ts";
import { readForReplay } from "./replay-source.ts";
import { reschedule } from "./reschedule.ts";
import { rescue } from "./rescue.ts";
import { settle } from "./settle.ts";
import { sweepLanes } from "./sweep.ts";

/**
 * The transitions of runs on Postgres. The statements stand beside this file, one file a verb; here is which of them make a
 * transaction.
 *
 * @param db - the database
 * @returns the store
 */
export function createRunStore(db: Database): RunStore {
  const claims = new Claims(db);
  return {
    insert: (runs) => insertOrFind(db, runs, sendAlone(db)),
    insertAndClaim: (runs, request) => insertAndClaim(db, claims, runs, request),
    claim: (request) => claims.claim(request),
    sweepLanes: () => sweepLanes(db),
    settle: (settlement) => settle(db, settlement),
    reconcile: (environmentId, hostId, held) => reconcile(db, environmentId, hostId, held),
    promoteDue: () => promoteDue(db),
    promotePending: async (environmentId) =>
      (await transactionAgain(db, promotePendingRuns(environmentId))).at(-1)?.length !== 0,
    rescue: () => rescue(db),
    cancel: (environmentId, runIds, { runsHooks = true } = {}) => cancel(db, environmentId, runIds, runsHooks),
    endCancelling: (environmentId, runIds) => endCancelling(db, environmentId, runIds),
    liveChildren: (environmentId, parentRunIds, afterId) => liveChildren(db, environmentId, parentRunIds, afterId),
    canceledChildren: (environmentId, parentRunIds, afterId) =>
      canceledChildren(db, environmentId, parentRunIds, afterId),
    hostOrders: (environmentId, hostIds) => hostOrders(db, environmentId, hostIds),
    resumedBefore: (environmentId, hostId) => resumedBefore(db, environmentId, hostId),
    reschedule: (environmentId, runId, delay) => reschedule(db, environmentId, runId, delay),
    readForReplay: (environmentId, runId) => readForReplay(db, environmentId, runId),
    resetIdempotencyKey: (environmentId, taskId, key) => resetIdempotencyKey(db, environmentId, taskId, key),
  };
}
