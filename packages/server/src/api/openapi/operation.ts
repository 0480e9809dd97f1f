import type { Route } from "../route.ts";
import type { RouteDocument } from "../route-document.ts";
import { type JsonSchema, type NamedSchemas, toJsonSchema } from "./json-schema.ts";

/** What the parts of paths stand for, where their route does not say it itself. */
const commonParams: Readonly<Record<string, { readonly description: string; readonly prefix?: string }>> = {
  runId: { description: "The id of a run.", prefix: "run" },
  batchId: { description: "The id of a batch.", prefix: "batch" },
  tokenId: { description: "The id of a wait token.", prefix: "waitpoint" },
  bulkActionId: { description: "The id of a bulk action.", prefix: "bulk" },
  scheduleId: { description: "The id of a schedule.", prefix: "sched" },
  taskId: { description: "The id of a task." },
  spanId: { description: "The id of a span." },
  projectRef: { description: "The ref of the project that the key belongs to." },
  ref: { description: "The ref of the project." },
  slug: { description: "The environment, such as `dev`." },
  snapshotId: { description: "Where the run stood when its dev session looked last." },
  streamId: { description: "The key of a stream, as its writer calls it." },
  environment: { description: "The environment that the key belongs to, such as `dev`." },
};

/**
 * Describes a route for the document.
 *
 * @param route - the route
 * @param document - what it says of itself
 * @param named - gets the schemas that have a name
 * @returns the operation of OpenAPI
 */
export function operationOf(route: Route, document: RouteDocument, named: NamedSchemas): JsonSchema {
  const { summary, description, tag, answers, example } = document;
  const statuses = Object.entries(answers).map(([status, schema]) => [
    status,
    {
      description: status === "202" ? "Accepted." : "Done.",
      ...(schema === null
        ? {}
        : { content: json(toJsonSchema(schema, "output", named), answerExample(status, answers, example?.answer)) }),
    },
  ]);
  return {
    operationId: operationId(summary),
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    security: securityOf(route, document),
    parameters: [...pathParameters(route.path, document), ...queryParameters(document, named)],
    ...(document.body === undefined && document.bodyType === undefined ? {} : { requestBody: bodyOf(document, named) }),
    responses: { ...Object.fromEntries(statuses), ...errorsOf(route, document) },
  };
}

/** `GET /api/v1/runs/:runId` of the router is `/api/v1/runs/{runId}` of the document. */
export function documentPath(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}");
}

/** `Cancel a run` → `cancelRun`. */
function operationId(summary: string): string {
  const words = summary
    .toLowerCase()
    .replace(/[^a-z ]/g, "")
    .split(" ")
    .filter((word) => !["a", "an", "the"].includes(word));
  return words.map((word, at) => (at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join("");
}

function json(schema: JsonSchema, example?: unknown) {
  return { "application/json": { schema, ...(example === undefined ? {} : { example }) } };
}

/** The example is of the first status. */
function answerExample(status: string, answers: RouteDocument["answers"], example: unknown): unknown {
  return status === Object.keys(answers)[0] ? example : undefined;
}

function pathParameters(path: string, document: RouteDocument): readonly JsonSchema[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => {
    const own = document.params?.[name];
    const common = own === undefined ? commonParams[name] : undefined;
    const description = own ?? common?.description;
    return {
      name,
      in: "path",
      required: true,
      ...(description === undefined ? {} : { description }),
      schema: {
        type: "string",
        ...(common?.prefix === undefined ? {} : { pattern: `^${common.prefix}_[0-9a-z]{26}$` }),
      },
    };
  });
}

function queryParameters({ query }: RouteDocument, named: NamedSchemas): readonly JsonSchema[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = toJsonSchema(query, "input", named) as {
    properties?: Readonly<Record<string, JsonSchema>>;
    required?: readonly string[];
  }; // the schema of a query is that of an object
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema;
    return {
      name,
      in: "query",
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function bodyOf({ body, bodyType, example }: RouteDocument, named: NamedSchemas): JsonSchema {
  if (body === undefined) return { required: true, content: { [bodyType ?? "*/*"]: { schema: { type: "string" } } } };
  const content = json(toJsonSchema(body, "input", named), example?.body)["application/json"];
  return { required: !body.safeParse({}).success, content: { [bodyType ?? "application/json"]: content } };
}

function securityOf({ accepts }: Route, { scopes = [] }: RouteDocument): readonly JsonSchema[] {
  switch (accepts) {
    case "anyone":
      return [];
    case "environment_key":
      return [{ secretKey: [] }];
    case "public_token":
      return [{ secretKey: [] }, ...scopes.map((scope) => ({ publicToken: [scope] }))];
    case "project_key":
      return [{ secretKey: [] }, { personalToken: [] }];
    case "personal_token":
      return [{ personalToken: [] }];
  }
}

/** Which errors can come of what a route takes. */
function errorsOf(route: Route, document: RouteDocument): JsonSchema {
  const hasInput = document.body !== undefined || document.query !== undefined;
  const hasPath = route.path.includes(":");
  const statuses = [
    ...(hasInput ? ["400"] : []),
    ...(route.accepts === "anyone" ? [] : ["401"]),
    ...(route.accepts === "public_token" || route.accepts === "project_key" ? ["403"] : []),
    ...(hasPath ? ["404"] : []),
    ...(document.body === undefined ? [] : ["413", "422"]),
    "default",
  ];
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${errorNames[status]}` }]),
  );
}

const errorNames: Readonly<Record<string, string>> = {
  400: "InvalidRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  413: "TooLarge",
  422: "Unprocessable",
  default: "Error",
};
