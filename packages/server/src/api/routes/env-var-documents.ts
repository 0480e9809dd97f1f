import {
  envVarChangeSchema,
  envVarListSchema,
  envVarSchema,
  processEnvVarsSchema,
} from "@pawl/contract/api/answers/env-vars";
import { createEnvVarBodySchema, importEnvVarsBodySchema, updateEnvVarBodySchema } from "@pawl/contract/api/env-vars";
import type { RouteDocument } from "../route-document.ts";

const common = {
  tag: "Environment variables",
  params: {
    ref: "The project.",
    slug: "The environment, such as `dev`: that of the key.",
    name: "The name of the variable.",
  },
} as const;

const changes = { ...common, answers: { 200: envVarChangeSchema } } as const;

/** What the API's document says of the routes of environment variables. */
export const envVarDocuments = {
  ofProcesses: { ...common, summary: "Get the variables of run processes", answers: { 200: processEnvVarsSchema } },
  list: { ...common, summary: "List environment variables", answers: { 200: envVarListSchema } },
  retrieve: { ...common, summary: "Retrieve an environment variable", answers: { 200: envVarSchema } },
  create: {
    ...changes,
    summary: "Create an environment variable",
    body: createEnvVarBodySchema,
    example: { body: { name: "MAIL_HOST", value: "mail.example.com" }, answer: { success: true } },
  },
  import: {
    ...changes,
    summary: "Import environment variables",
    body: importEnvVarsBodySchema,
    example: { body: { variables: { MAIL_HOST: "mail.example.com" }, override: true }, answer: { success: true } },
  },
  change: { ...changes, summary: "Change an environment variable", body: updateEnvVarBodySchema },
  remove: { ...changes, summary: "Remove an environment variable" },
} satisfies Readonly<Record<string, RouteDocument>>;
