import { runListSchema } from "@pawl/contract/api/answers/runs";
import { commaListSchema } from "@pawl/contract/api/list-query";
import { listRunsQuerySchema, type RunList } from "@pawl/contract/api/runs";
import { toPublicId } from "@pawl/contract/ids";
import { z } from "zod";
import { ApiError } from "../api/errors.ts";
import { paginationOf } from "../api/list-query.ts";
import { isSlugOf } from "../api/person-authentication.ts";
import type { Route } from "../api/route.ts";
import { toRunListFilter } from "../api/run-list-query.ts";
import { runSummary } from "../api/run-view.ts";
import { notFound, parse, pathPart } from "../api/validation.ts";
import type { EnvironmentStore, OpenedEnvironment } from "../engine/environment-ports.ts";
import type { RunListFilter, RunPage, RunReader } from "../engine/read-ports.ts";

const querySchema = z.object({ "filter[env]": commaListSchema });

/** What the route needs. */
export interface ProjectRunsSettings {
  readonly environments: Pick<EnvironmentStore, "openProject">;
  readonly runs: Pick<RunReader, "list">;
}

/**
 * `GET /api/v1/projects/:ref/runs`: the runs of all environments that a personal token opens, or of some, newest first, in pages.
 *
 * @param settings - what it needs
 * @returns the route
 */
export function projectRunsRoute({ environments, runs }: ProjectRunsSettings): Route {
  return {
    method: "GET",
    path: "/api/v1/projects/:ref/runs",
    accepts: "personal_token",
    document: {
      summary: "List the runs of a project's environments",
      tag: "Runs",
      query: listRunsQuerySchema.extend(querySchema.shape),
      answers: { 200: runListSchema },
    },
    async answer(request, _reply, { environmentId }): Promise<RunList> {
      const ref = pathPart(request, "ref");
      const project = await environments.openProject(ref, environmentId);
      if (project === null) throw notFound("project", ref);
      const chosen = choose(project.environments, parse(querySchema, request.query, "query")["filter[env]"]);
      const filter = toRunListFilter(withoutEnvironments(request.query), Date.now());
      const pages = await Promise.all(chosen.map(({ id }) => runs.list(id, filter)));
      const merged = merge(pages, filter);
      const environmentOf = new Map(
        pages.flatMap((page, index) => page.runs.map((run) => [run.id, chosen[index]] as const)),
      );
      const data = merged.runs.map((run) => {
        const environment = environmentOf.get(run.id);
        if (environment === undefined) throw new Error(`the run ${run.id} is of no environment that was read`);
        return { ...runSummary(run), env: { id: toPublicId("env", environment.id), name: environment.slug } };
      });
      return { data, pagination: paginationOf(data, merged, request.query) };
    },
  };
}

function choose(
  environments: readonly OpenedEnvironment[],
  asked: readonly string[] | undefined,
): readonly OpenedEnvironment[] {
  if (asked === undefined || asked.length === 0) return environments;
  const chosen = asked.map((name) => {
    const found = environments.find(({ slug }) => isSlugOf(name, slug));
    if (found !== undefined) return found;
    const names = environments.map(({ slug }) => slug).join(", ");
    throw new ApiError(
      "invalid_request",
      `filter[env]: the token opens no environment ${name}, only ${names}.`,
      "filter[env]",
    );
  });
  return [...new Set(chosen)];
}

function withoutEnvironments(query: unknown): Record<string, unknown> {
  const { "filter[env]": _, ...rest } = query as Record<string, unknown>; // the router makes nothing else
  return rest;
}

/** Ids are ordered by time, so a cursor means the same in every environment. */
function merge(pages: readonly RunPage[], { cursor, size }: RunListFilter): RunPage {
  const all = pages.flatMap((page) => page.runs).sort((a, b) => (a.id < b.id ? 1 : -1));
  const isBackward = cursor?.direction === "before";
  const isCut = all.length > size;
  return {
    runs: isBackward ? all.slice(-size) : all.slice(0, size),
    hasNext: isBackward || isCut || pages.some((page) => page.hasNext),
    hasPrevious: isBackward ? isCut || pages.some((page) => page.hasPrevious) : cursor !== null,
  };
}
