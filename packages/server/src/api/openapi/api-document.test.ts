import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { startApi } from "../fixtures/started-api.ts";
import type { Route } from "../route.ts";
import type { RouteDocument } from "../route-document.ts";
import { routes } from "../routes/all-routes.ts";
import { apiDocument } from "./api-document.ts";

/** For worker hosts, for telemetry in a form of its own, and for people who look with a browser. */
const mayBeSilent = (path: string) => /^\/($|worker\/|engine\/|otel\/|login\/)/.test(path);

test("every route says what it takes and answers, but those for workers, and pages", async (t) => {
  let table: readonly Route[] = [];
  await startApi(t, (settings) => {
    table = routes(settings);
    return settings;
  });
  for (const { method, path, accepts, document } of table) {
    const name = `${method} ${path}`;
    assert.ok(document !== undefined || mayBeSilent(path), `${name} does not describe itself`);
    assert.equal(document?.scopes !== undefined, accepts === "public_token", `${name} and its scopes`);
    assert.ok(document === undefined || /^[A-Z][^.]*$/.test(document.summary), `${name}: ${document?.summary}`);
  }
  const { paths } = apiDocument(table, "1.2.3") as { paths: Record<string, Record<string, { parameters: object[] }>> };
  for (const [path, methods] of Object.entries(paths)) {
    for (const { parameters } of Object.values(methods)) {
      const silent = parameters.filter((one) => "in" in one && one.in === "path" && !("description" in one));
      assert.deepEqual(silent, [], `${path} does not say what its parts stand for`);
    }
  }
});

test("a schema with a name is a component, and what says nothing is left out", () => {
  const named = z.object({ id: z.string(), size: z.int() }).meta({ id: "Thing" });
  const document: RouteDocument = {
    summary: "Get a thing",
    tag: "Things",
    query: z.object({ size: z.coerce.number().int().min(1).default(5) }),
    answers: { 200: z.object({ things: z.array(named) }) },
    scopes: ["read:things:{thingId}"],
  };
  const route: Route = {
    method: "GET",
    path: "/things/:thingId",
    accepts: "public_token",
    document,
    answer: () => null,
  };
  const { paths, components } = apiDocument([route], "1") as {
    paths: Record<string, Record<string, Record<string, unknown>>>;
    components: { schemas: Record<string, unknown> };
  };
  const thing = {
    type: "object",
    properties: { id: { type: "string" }, size: { type: "integer" } },
    required: ["id", "size"],
  };
  assert.deepEqual(components.schemas.Thing, thing);
  const { operationId, parameters, responses, security } = paths["/things/{thingId}"]?.get ?? {};
  assert.equal(operationId, "getThing");
  assert.deepEqual(security, [{ secretKey: [] }, { publicToken: ["read:things:{thingId}"] }]);
  assert.deepEqual(parameters, [
    { name: "thingId", in: "path", required: true, schema: { type: "string" } },
    { name: "size", in: "query", required: false, schema: { default: 5, type: "integer", minimum: 1 } },
  ]);
  assert.deepEqual((responses as Record<string, { content?: unknown }>)["200"]?.content, {
    "application/json": {
      schema: {
        type: "object",
        properties: { things: { type: "array", items: { $ref: "#/components/schemas/Thing" } } },
        required: ["things"],
      },
    },
  });
});
