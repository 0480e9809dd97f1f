import { bulkActionAnswerSchema, bulkDryRunAnswerSchema } from "@pawl/contract/api/answers/bulk-actions";
import {
  type BulkActionAnswer,
  type BulkDryRunAnswer,
  createBulkActionBodySchema,
} from "@pawl/contract/api/bulk-actions";
import { toPublicId } from "@pawl/contract/ids";
import type { BulkActionStore } from "../../engine/bulk-ports.ts";
import type { Engine } from "../../engine/engine.ts";
import { bulkSelection } from "../bulk-selection.ts";
import { regionOf } from "../region.ts";
import { requestKeyOf } from "../request-key.ts";
import type { Route } from "../route.ts";
import { parse, refuseNul } from "../validation.ts";

/**
 * `POST /api/v1/bulk-actions`: cancels or replays many runs, without its caller waiting for them; or only counts them.
 *
 * @param engine - makes the action
 * @param bulkActions - counts
 * @returns the route
 */
export function createBulkActionRoute(engine: Engine, bulkActions: Pick<BulkActionStore, "count">): Route {
  return {
    method: "POST",
    path: "/api/v1/bulk-actions",
    accepts: "environment_key",
    document: {
      summary: "Create a bulk action",
      tag: "Bulk actions",
      description:
        "Cancels or replays many runs. Exactly one of `filter`, `runIds` and `all` says which. With `dryRun` nothing is made: the answer is how many runs it would be about.",
      body: createBulkActionBodySchema,
      answers: { 200: bulkDryRunAnswerSchema, 202: bulkActionAnswerSchema },
      example: { body: { action: "cancel", filter: { taskIdentifier: "mail.send", status: "QUEUED" } } },
    },
    async answer(request, reply, { environment }): Promise<BulkActionAnswer | BulkDryRunAnswer> {
      const body = parse(createBulkActionBodySchema, request.body ?? {}, "body");
      if (body.name !== undefined) refuseNul(body.name, "name");
      const selection = bulkSelection(body, Date.now());
      const targetRegion = regionOf(body.targetRegion, environment, "targetRegion");
      if (body.dryRun === true) return bulkActions.count(environment.id, body.action, selection);
      const id = await engine.createBulkAction({
        environmentId: environment.id,
        action: body.action,
        name: body.name ?? null,
        selection,
        targetRegion,
        runsHooks: body.runHooks ?? false,
        requestKey: requestKeyOf(request),
      });
      reply.code(202);
      return { id: toPublicId("bulk", id) };
    },
  };
}
