import { newUuid } from "@pawl/contract/ids";
import type { Engine } from "../engine.ts";
import type { EngineParts } from "./engine-parts.ts";

/** The verbs of bulk actions. */
export type BulkVerbs = Pick<Engine, "createBulkAction" | "abortBulkAction">;

/**
 * Makes the verbs of bulk actions.
 *
 * @param parts - what they work with
 * @returns the verbs
 */
export function bulkVerbs({ settings: { bulkActions, notifier }, services }: EngineParts): BulkVerbs {
  return {
    async createBulkAction(action) {
      const id = await bulkActions.create({ ...action, id: newUuid() });
      services.bulkActions.expect(0);
      notifier.notify(action.environmentId, "bulk_action");
      return id;
    },
    abortBulkAction: (environmentId, id) => bulkActions.abort(environmentId, id),
  };
}
