import { z } from "zod";
import { type CursorPagination, maxPageSize, queryTimeSchema } from "./list-query.ts";

/** Where a deployment can stand. */
export const deploymentStatuses = [
  "PENDING",
  "BUILDING",
  "DEPLOYING",
  "DEPLOYED",
  "FAILED",
  "CANCELED",
  "TIMED_OUT",
] as const;

/** The query of `GET /api/v1/deployments`. `from`, `to` and `period` are about the time of creation. */
export const listDeploymentsQuerySchema = z.object({
  status: z.enum(deploymentStatuses).optional(),
  from: queryTimeSchema,
  to: queryTimeSchema,
  period: z.string().optional(),
  "page[size]": z.coerce.number().int().min(1).max(maxPageSize).default(20),
  "page[after]": z.string().optional(),
  "page[before]": z.string().optional(),
});

/** A version of a project's tasks, as it was brought to an environment. */
export interface DeploymentObject {
  /** `deployment_…` */
  readonly id: string;
  readonly createdAt: string;
  /** The first characters of the hash of its code. */
  readonly shortCode: string;
  /** Its label, such as `20261122.3`. */
  readonly version: string;
  /** Null: not known. */
  readonly runtime: string | null;
  readonly runtimeVersion: string | null;
  readonly status: (typeof deploymentStatuses)[number];
  readonly deployedAt?: string;
}

/** The answer of `GET /api/v1/deployments`, newest first. */
export interface DeploymentList {
  readonly data: readonly DeploymentObject[];
  readonly pagination: CursorPagination;
}
