import { z } from "zod";
import type { EnvVarAnswer, EnvVarChangeAnswer, ProcessEnvVars } from "../env-vars.ts";

/** See {@link EnvVarAnswer}. */
export const envVarSchema = z
  .object({ name: z.string(), value: z.string().describe("Of a secret: `<redacted>`."), isSecret: z.boolean() })
  .meta({ id: "EnvironmentVariable" }) satisfies z.ZodType<EnvVarAnswer>;

/** The answer of `GET /api/v1/projects/:ref/envvars/:slug`. */
export const envVarListSchema = z.array(envVarSchema);

/** See {@link EnvVarChangeAnswer}. */
export const envVarChangeSchema = z.object({ success: z.literal(true) }) satisfies z.ZodType<EnvVarChangeAnswer>;

/** See {@link ProcessEnvVars}. */
export const processEnvVarsSchema = z.object({
  variables: z.record(z.string(), z.string()),
}) satisfies z.ZodType<ProcessEnvVars>;
