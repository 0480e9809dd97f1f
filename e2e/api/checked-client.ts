import assert from "node:assert/strict";
import type { ApiSchemas, Operation } from "./api-schema.ts";

/** What a call sends besides its path. */
export interface CheckedCall {
  /** What the parts of the path are. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON, or a text as it is. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default: the secret key; null: none. */
  readonly key?: string | null;
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls routes as the document says, and holds every answer against it. */
export interface CheckedClient {
  /** @param name - the route, as `GET /api/v1/runs` */
  call(name: string, call?: CheckedCall): Promise<Record<string, never>>;
  /** The routes that have answered well. */
  readonly called: ReadonlySet<string>;
}

/**
 * Makes a client of a server.
 *
 * @param server - the server, and a key of it
 * @param schemas - of its document
 * @returns the client
 */
export function checkedClient(
  server: { readonly apiUrl: string; readonly secretKey: string },
  schemas: ApiSchemas,
): CheckedClient {
  const called = new Set<string>();
  return {
    called,
    async call(name, call = {}) {
      const operation = schemas.operations.get(name);
      assert.ok(operation, `the document has no ${name}`);
      const answer = await fetch(
        urlOf(server.apiUrl, name, operation, call),
        requestOf(server, name, operation, call, schemas),
      );
      const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
      const text = isStream ? "" : await answer.text();
      if (isStream) await answer.body?.cancel();
      assert.equal(answer.status, call.status ?? 200, `${name}: ${text}`);
      const schema = schemas.answerSchema(operation, answer.status);
      assert.notEqual(schema, undefined, `${name} does not say that it answers ${answer.status}`);
      if (answer.ok) called.add(name);
      if (schema === null || schema === undefined) return {};
      const body = JSON.parse(text);
      assert.equal(schemas.problem(schema, body, { closed: true }), null, `the answer of ${name}`);
      return body;
    },
  };
}

function urlOf(apiUrl: string, name: string, operation: Operation, { params = {}, query = {} }: CheckedCall): string {
  const path = (name.split(" ")[1] ?? "").replace(/\{(\w+)\}/g, (_whole, part: string) => {
    const value = params[part];
    assert.ok(value !== undefined, `${name} needs ${part}`);
    return encodeURIComponent(value);
  });
  const known = new Set(operation.parameters.filter((one) => one.in === "query").map((one) => one.name));
  for (const parameter of Object.keys(query)) assert.ok(known.has(parameter), `${name} does not tell of ${parameter}`);
  const search = new URLSearchParams(query).toString();
  return `${apiUrl}${path}${search === "" ? "" : `?${search}`}`;
}

function requestOf(
  { secretKey }: { readonly secretKey: string },
  name: string,
  operation: Operation,
  call: CheckedCall,
  schemas: ApiSchemas,
): RequestInit {
  const { body, key = secretKey, contentType = "application/json" } = call;
  const isText = typeof body === "string";
  const schema = operation.requestBody?.content["application/json"]?.schema;
  if (schema !== undefined && body !== undefined && !isText) {
    assert.equal(schemas.problem(schema, JSON.parse(JSON.stringify(body))), null, `the body of ${name}`);
  }
  return {
    method: name.split(" ")[0] ?? "GET",
    headers: {
      "content-type": contentType,
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...call.headers,
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  };
}
