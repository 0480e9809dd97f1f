import { z } from "zod";
import { optional, textSchema } from "./trigger.ts";

/** The most characters of a variable's value. */
export const maxEnvVarLength = 64 * 1024;

/** The most variables that one call may bring. */
const maxImported = 1_000;

const nameMessage = "must be a name of letters, digits and _, which does not begin with a digit";

/** What says where a run process belongs: its host sets these. */
const reservedNames: ReadonlySet<string> = new Set(["TRIGGER_API_URL", "TRIGGER_SECRET_KEY"]);

/** The name of a variable that is to be set. */
const newNameSchema = z
  .string(nameMessage)
  .max(256, nameMessage)
  .regex(/^[A-Za-z_]\w*$/, nameMessage)
  .refine((name) => !reservedNames.has(name), "is set by the worker host for each environment: choose another name");

const valueSchema = textSchema(0, maxEnvVarLength);

/** The body of `POST /api/v1/projects/:ref/envvars/:slug`; one of the same name gets the new value. */
export const createEnvVarBodySchema = z.object({
  name: newNameSchema,
  value: valueSchema,
  isSecret: optional(z.boolean()),
});

/** The body of `PUT /api/v1/projects/:ref/envvars/:slug/:name`. */
export const updateEnvVarBodySchema = z.object({ value: valueSchema });

/** The body of `POST /api/v1/projects/:ref/envvars/:slug/import`. */
export const importEnvVarsBodySchema = z.object({
  variables: z
    .record(newNameSchema, valueSchema)
    .refine((variables) => Object.keys(variables).length <= maxImported, `must be at most ${maxImported} variables`),
  /** Whether variables that exist get the new value; default: they stay. */
  override: optional(z.boolean()),
  isSecret: optional(z.boolean()),
});

/** A variable as the API shows it. */
export interface EnvVarAnswer {
  readonly name: string;
  /** Of a secret: `<redacted>`. */
  readonly value: string;
  readonly isSecret: boolean;
}

/** The answer to a change of variables. */
export interface EnvVarChangeAnswer {
  readonly success: true;
}

/** The answer of `GET /api/v1/projects/:ref/envvars`: what the processes of runs are to have, secrets too. */
export interface ProcessEnvVars {
  readonly variables: Readonly<Record<string, string>>;
}
