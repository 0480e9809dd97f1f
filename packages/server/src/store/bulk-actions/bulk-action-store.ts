import type { BulkActionStore } from "../../engine/bulk-ports.ts";
import type { Database } from "../db.ts";
import { abort } from "./abort.ts";
import { choose } from "./choose.ts";
import { count } from "./count.ts";
import { create } from "./create.ts";
import { finishPage, nextPage } from "./pages.ts";
import { list, retrieve } from "./read.ts";
import { replaySources } from "./replay-sources.ts";
import { keep, takeDue } from "./take.ts";

/**
 * Bulk actions on Postgres. An action goes through its runs twice, each time in the order of their ids: first it chooses them
 * (`choose.ts`), then something is done to each (`pages.ts`). Every step is one short transaction that moves the action's cursor, and
 * does nothing where the cursor is no longer where its caller has seen it.
 *
 * ```
 *  create ─▶ choosing ──the last page──▶ chosen ──the last page──▶ COMPLETED
 *   with ids ───────────────────────────▶ │  └──────── abort ────▶ ABORTED ◀── also while choosing
 * ```
 *
 * @param db - the database
 * @returns the store
 */
export function createBulkActionStore(db: Database): BulkActionStore {
  return {
    create: (action) => create(db, action),
    retrieve: (environmentId, id) => retrieve(db, environmentId, id),
    list: (environmentId, page) => list(db, environmentId, page),
    abort: (environmentId, id) => abort(db, environmentId, id),
    count: (environmentId, action, selection) => count(db, environmentId, action, selection),
    takeDue: () => takeDue(db),
    keep: (taken) => keep(db, taken),
    choose: (taken) => choose(db, taken),
    nextPage: (taken) => nextPage(db, taken),
    replaySources: (environmentId, runs) => replaySources(db, environmentId, runs),
    finishPage: (taken, page, results) => finishPage(db, taken, page, results),
  };
}
