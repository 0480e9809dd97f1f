import { z } from "zod";
import { type DeploymentList, type DeploymentObject, deploymentStatuses } from "../deployments.ts";
import { cursorPaginationSchema, idSchema, timeSchema } from "./fields.ts";

/** See {@link DeploymentObject}. */
export const deploymentSchema = z
  .object({
    id: idSchema("deployment"),
    createdAt: timeSchema,
    shortCode: z.string().describe("The first characters of the hash of its code."),
    version: z.string(),
    runtime: z.string().nullable(),
    runtimeVersion: z.string().nullable(),
    status: z.enum(deploymentStatuses),
    deployedAt: timeSchema.exactOptional(),
  })
  .meta({ id: "Deployment" }) satisfies z.ZodType<DeploymentObject>;

/** See {@link DeploymentList}. */
export const deploymentListSchema = z.object({
  data: z.array(deploymentSchema),
  pagination: cursorPaginationSchema,
}) satisfies z.ZodType<DeploymentList>;
