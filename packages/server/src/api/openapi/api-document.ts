import { apiErrorSchema } from "@pawl/contract/api/answers/access";
import type { Route } from "../route.ts";
import { type JsonSchema, type NamedSchemas, toJsonSchema } from "./json-schema.ts";
import { documentPath, operationOf } from "./operation.ts";

const errorDescriptions: Readonly<Record<string, string>> = {
  InvalidRequest: "The request is not what the route takes; `error` names the field.",
  Unauthorized: "The credential is missing, or is none.",
  Forbidden: "The token does not allow that.",
  NotFound: "There is no such thing in the environment of the credential.",
  TooLarge: "The body is over a limit.",
  Unprocessable: "The request has the right form and can't be meant so; `error` says why.",
  Error: "What went wrong. The header `x-should-retry` says whether the same call may succeed later.",
};

const securitySchemes = {
  secretKey: {
    type: "http",
    scheme: "bearer",
    description: "The secret key of an environment, such as `tr_dev_…`. What it does stays in that environment.",
  },
  publicToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "A public token, for browsers, which allows what its scopes say: `action:type:id`, such as `read:runs:run_…`. Without the id it is for all of the type.",
  },
  personalToken: {
    type: "http",
    scheme: "bearer",
    description: "The token of a person, `tr_pat_…`, from `login`.",
  },
};

/**
 * Describes the API in OpenAPI 3.1: every route that says something of itself.
 *
 * @param routes - the routes
 * @param version - the server's version
 * @returns the document, as it is served
 */
export function apiDocument(routes: readonly Route[], version: string): JsonSchema {
  const named: NamedSchemas = new Map();
  const paths: Record<string, Record<string, JsonSchema>> = {};
  const tags = new Set<string>();
  for (const route of routes) {
    const { document } = route;
    if (document === undefined) continue;
    tags.add(document.tag);
    const path = documentPath(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, document, named) };
  }
  const error = toJsonSchema(apiErrorSchema, "output", named);
  const responses = Object.entries(errorDescriptions).map(([name, description]) => [
    name,
    { description, content: { "application/json": { schema: error } } },
  ]);
  return {
    openapi: "3.1.1",
    info: {
      title: "Pawl",
      version,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description:
        "The HTTP API of a Pawl server. Bodies are JSON whatever their content type says. `null` is taken for what is optional, and never sent for it.",
    },
    servers: [{ url: "/" }],
    tags: [...tags].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes,
      responses: Object.fromEntries(responses),
      schemas: Object.fromEntries(named),
    },
  };
}
