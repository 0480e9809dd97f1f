import { deploymentListSchema, deploymentSchema } from "@pawl/contract/api/answers/deployments";
import { type DeploymentList, type DeploymentObject, listDeploymentsQuerySchema } from "@pawl/contract/api/deployments";
import { toPublicId } from "@pawl/contract/ids";
import type { DeploymentReader, DeploymentRecord } from "../../engine/deployment-ports.ts";
import { requireScope } from "../authentication.ts";
import { ApiError } from "../errors.ts";
import { createdBetween, cursorOf, paginationOf } from "../list-query.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `GET /api/v1/deployments` and `…/current`: the versions that were brought to an environment, by `pawl dev` too. All of them are
 * deployed: a version is known once its tasks are.
 *
 * @param deployments - reads them
 * @returns the routes
 */
export function deploymentRoutes(deployments: DeploymentReader): readonly Route[] {
  return [listDeploymentsRoute(deployments), currentDeploymentRoute(deployments)];
}

function listDeploymentsRoute(deployments: DeploymentReader): Route {
  return {
    method: "GET",
    path: "/api/v1/deployments",
    accepts: "public_token",
    document: {
      summary: "List deployments",
      tag: "Deployments",
      description: "Newest first, in pages.",
      query: listDeploymentsQuerySchema,
      answers: { 200: deploymentListSchema },
      scopes: ["read:deployments"],
    },
    async answer(request, _reply, caller): Promise<DeploymentList> {
      requireScope(caller, "read", [["deployments", "*"]]);
      const query = parse(listDeploymentsQuerySchema, request.query, "query");
      const { from, to } = createdBetween(query, Date.now(), (field) => field);
      const cursor = cursorOf(query, "deployment");
      if (query.status !== undefined && query.status !== "DEPLOYED") return { data: [], pagination: {} };
      const page = await deployments.list(caller.environment.id, {
        cursor: cursor === null ? null : { direction: cursor.direction, id: cursor.uuid },
        from,
        to,
        size: query["page[size]"],
      });
      const data = page.deployments.map(deploymentObject);
      return { data, pagination: paginationOf(data, page, query) };
    },
  };
}

function currentDeploymentRoute(deployments: DeploymentReader): Route {
  return {
    method: "GET",
    path: "/api/v1/deployments/current",
    accepts: "public_token",
    document: {
      summary: "Retrieve the current deployment",
      tag: "Deployments",
      description: "The one whose code new runs execute.",
      answers: { 200: deploymentSchema },
      scopes: ["read:deployments"],
    },
    async answer(_request, _reply, caller): Promise<DeploymentObject> {
      requireScope(caller, "read", [["deployments", "current"]]);
      const current = await deployments.current(caller.environment.id);
      if (current !== null) return deploymentObject(current);
      throw new ApiError(
        "not_found",
        `Nothing was deployed to the environment ${caller.environment.slug} yet. Start "pawl dev" or a worker.`,
      );
    },
  };
}

function deploymentObject({ id, label, contentHash, createdAt }: DeploymentRecord): DeploymentObject {
  return {
    id: toPublicId("deployment", id),
    createdAt: createdAt.toISOString(),
    shortCode: contentHash.slice(0, 8),
    version: label,
    runtime: null,
    runtimeVersion: null,
    status: "DEPLOYED",
    deployedAt: createdAt.toISOString(),
  };
}
