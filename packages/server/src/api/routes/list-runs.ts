import { runListSchema } from "@pawl/contract/api/answers/runs";
import type { RunList } from "@pawl/contract/api/runs";
import { listRunsQuerySchema } from "@pawl/contract/api/runs";
import { toPublicId } from "@pawl/contract/ids";
import type { RunReader } from "../../engine/read-ports.ts";
import { paginationOf } from "../list-query.ts";
import type { Route } from "../route.ts";
import { toRunListFilter } from "../run-list-query.ts";
import { requireRunListRead } from "../run-scope.ts";
import { runSummary } from "../run-view.ts";

/**
 * `GET /api/v1/runs`: the runs of an environment, newest first, in pages. A public token may list all that it may read.
 *
 * @param runs - reads runs
 * @returns the route
 */
export function listRunsRoute(runs: RunReader): Route {
  return {
    method: "GET",
    path: "/api/v1/runs",
    accepts: "public_token",
    document: {
      summary: "List runs",
      tag: "Runs",
      description: "Newest first, in pages. Values of a filter are joined by commas; any of them may match.",
      query: listRunsQuerySchema,
      answers: { 200: runListSchema },
      scopes: [
        "read:runs",
        "read:tasks:{filter[taskIdentifier]}",
        "read:tags:{filter[tag]}",
        "read:batch:{filter[batch]}",
      ],
    },
    async answer(request, _reply, caller): Promise<RunList> {
      const { environment } = caller;
      const filter = toRunListFilter(request.query, Date.now());
      requireRunListRead(caller, filter);
      const page = await runs.list(environment.id, filter);
      const env = { id: toPublicId("env", environment.id), name: environment.slug };
      const data = page.runs.map((run) => ({ ...runSummary(run), env }));
      return { data, pagination: paginationOf(data, page, request.query) };
    },
  };
}
