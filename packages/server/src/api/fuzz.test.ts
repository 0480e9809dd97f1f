import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "../store/model/fixtures/random.ts";
import { type FuzzAnswer, type FuzzRequest, openFuzzClient } from "./fixtures/fuzz/client.ts";
import { changeBody, pick, wrongBody, wrongHeaders, wrongPart } from "./fixtures/fuzz/mutations.ts";
import { sampleOf } from "./fixtures/fuzz/samples.ts";
import { bodyFor, type FuzzWorld, fillWorld } from "./fixtures/fuzz/world.ts";
import { call, startApi } from "./fixtures/started-api.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes/all-routes.ts";

const seed = Number(process.env.PAWL_FUZZ_SEED ?? Math.floor(Math.random() * 1_000_000_000));
const requestCount = Number(process.env.PAWL_FUZZ_REQUESTS ?? 20_000);
const connections = 24;
/** Every so many requests one is right, and has to succeed. */
const rightEvery = 50;

/** A request, and what is known of it before it is sent. */
interface PlannedRequest {
  readonly route: Route;
  readonly request: FuzzRequest;
  /** The body as it is parsed, where nothing but the body is wrong; absent: the answer is only to be an answer. */
  readonly judged?: { readonly body: unknown };
}

test(`requests that are wrong in any way are answered, and do no harm (PAWL_FUZZ_SEED=${seed})`, {
  timeout: 600_000,
}, async (t) => {
  let table: readonly Route[] = [];
  const api = await startApi(t, (settings) => {
    table = routes(settings);
    return settings;
  });
  const world = await fillWorld(api);
  const client = openFuzzClient(api.apiUrl, connections);
  t.after(() => client.close());
  const problems: string[] = [];
  const statuses = new Map<string, number>();
  const rightRuns = new Set<string>();
  let next = 0;
  const sender = async () => {
    while (next < requestCount && problems.length < 20) {
      const index = next++;
      if (index % rightEvery === 0) {
        const { status, body } = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { payload: index } });
        if (status === 200) rightRuns.add(body.id);
        else problems.push(`a right request: ${status} ${JSON.stringify(body)}`);
        continue;
      }
      const planned = plan(table, world, seededRandom(seed + index * 7919), index);
      const answer = await client.send(planned.request, { mayHold: mayHold(planned.route) });
      const problem = problemOf(planned, answer);
      if (problem !== null) problems.push(`${problem}\n  request ${index}: ${described(planned.request)}`);
      const name = answer.kind === "answered" ? String(answer.status) : answer.kind;
      statuses.set(name, (statuses.get(name) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: connections }, sender));
  t.diagnostic(
    `answers: ${[...statuses]
      .sort()
      .map(([name, count]) => `${name} ${count}×`)
      .join(", ")}`,
  );
  const bugs = api.bugs.map(
    ({ request, error }) => `${request}: ${error instanceof Error ? error.stack : String(error)}`,
  );
  assert.deepEqual([...problems, ...bugs.slice(0, 10)], []);
  assert.equal(next, requestCount);
  for (const id of rightRuns) assert.equal((await call(api, "GET", `/api/v3/runs/${id}`)).status, 200);
});

/** Routes that answer when there is news, or go on answering. */
function mayHold({ method, path }: Route): boolean {
  return method === "GET" && (path.startsWith("/realtime/") || path.endsWith("/presence"));
}

function plan(table: readonly Route[], world: FuzzWorld, random: Random, index: number): PlannedRequest {
  const route = table[index % table.length];
  assert.ok(route);
  const credential = route.accepts === "personal_token" ? world.personalToken : world.api.key;
  const base = { authorization: `Bearer ${credential}`, "content-type": contentTypeOf(route) };
  const right = { route, method: route.method, path: pathOf(route, world, null), query: queryOf(route, world, null) };
  const body = bodyFor(route, world, random);
  const isBodiless = route.method === "GET" || route.method === "HEAD";
  const text = body === undefined ? null : JSON.stringify(body);
  const send = (change: Partial<FuzzRequest>): FuzzRequest => ({
    method: route.method,
    path: `${right.path}${right.query}`,
    headers: base,
    body: isBodiless ? null : text,
    ...change,
  });
  const kind = random.weighted([
    ["body", isBodiless || body === undefined ? 0 : 6],
    ["whole body", isBodiless ? 1 : 2],
    ["path", route.path.includes(":") ? 2 : 0],
    ["query", 2],
    ["headers", 2],
    ["method", 0.2],
  ] as const);
  switch (kind) {
    case "body": {
      const changed = changeBody(body, random);
      const request = send({ body: changed });
      const isJudged = route.document?.bodyType === undefined && changed !== "";
      return { route, request, ...(isJudged ? { judged: { body: JSON.parse(changed) } } : {}) };
    }
    case "whole body":
      return { route, request: send({ body: wrongBody(random) }) };
    case "path":
      return { route, request: send({ path: `${pathOf(route, world, random)}${right.query}` }) };
    case "query":
      return { route, request: send({ path: `${right.path}${queryOf(route, world, random)}` }) };
    case "headers":
      return { route, request: send({ headers: { ...base, ...wrongHeaders(random) } }) };
    case "method":
      return { route, request: send({ method: pick(random, ["DELETE", "PATCH", "PUT", "POST", "HEAD", "OPTIONS"]) }) };
  }
}

function contentTypeOf(route: Route): string {
  return route.document?.bodyType ?? "application/json";
}

/** With `random`, one part of the path is not what it should be. */
function pathOf({ path }: Route, { parts }: FuzzWorld, random: Random | null): string {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  const wrong = random === null ? undefined : pick(random, names);
  return path.replace(/:(\w+)/g, (_whole, name: string) => {
    if (name === wrong && random !== null) return encoded(wrongPart(random), random);
    return encodeURIComponent(parts[name]?.[0] ?? "x").replaceAll("%2F", name === "queue" ? "%252F" : "%2F");
  });
}

/** With `random`, a parameter is not what it should be. */
function queryOf(route: Route, { hints }: FuzzWorld, random: Random | null): string {
  const schema = route.document?.query;
  const right = schema === undefined ? {} : sampleOf(schema, random ?? seededRandom(1), hints);
  const query = new URLSearchParams(Object.entries(right as Readonly<Record<string, string>>)); // the schema of a query is that of texts
  if (random === null) return query.size === 0 ? "" : `?${query}`;
  const names = [
    ...query.keys(),
    "page[size]",
    "filter[tag]",
    "filter[createdAt]",
    "type",
    "tags",
    "offset",
    "__proto__",
    "%00",
    "a[b][c]",
  ];
  const name = pick(random, names);
  const given = `${encoded(name, random)}=${encoded(wrongPart(random), random)}`;
  return `?${[query.toString(), given, ...(random.below(4) === 0 ? [given] : [])].filter((part) => part !== "").join("&")}`;
}

/** Encoded as it should be, or only where the first line of a request can't hold it. */
function encoded(text: string, random: Random): string {
  if (random.below(3) > 0) return encodeURIComponent(text.isWellFormed() ? text : "x");
  return text.replace(/[^\x21-\x7e]/g, (char) => encodeURIComponent(char.isWellFormed() ? char : "x"));
}

/** What is wrong with an answer; null: nothing. */
function problemOf(planned: PlannedRequest, answer: FuzzAnswer): string | null {
  if (answer.kind === "held") return null;
  if (answer.kind !== "answered") return named(planned, answer.kind === "cut" ? answer.reason : "no answer");
  const { status, text } = answer;
  if (status >= 500 || status < 200) return named(planned, `${status} ${text}`);
  if (status >= 400) return planned.request.method === "HEAD" ? null : refusalProblem(planned, answer);
  const isWronglyTaken = status < 300 && planned.judged !== undefined && !isTaken(planned);
  return isWronglyTaken ? named(planned, "took what its schema refuses") : null;
}

function refusalProblem(planned: PlannedRequest, { status, text, headers }: FuzzAnswer & { kind: "answered" }) {
  const isPage = planned.route.document === undefined && headers["content-type"]?.startsWith("text/html") === true;
  const isStaleReader = status === 409 && text.includes("must-refetch"); // the protocol of live readers
  if (isPage || isStaleReader) return null;
  const body = readObject(text);
  if (typeof body?.error !== "string" || body.error === "")
    return named(planned, `${status} without an error: ${text}`);
  if (headers["x-should-retry"] === "true") return named(planned, `${status} is to be repeated`);
  const isAboutFields = (status === 400 || status === 422) && body.code !== "invalid_json" && !isTaken(planned);
  const namesField = typeof body.param === "string" && body.error.includes(body.param);
  return isAboutFields && !namesField ? named(planned, `${status} does not name the field: ${text}`) : null;
}

function named({ route }: PlannedRequest, problem: string): string {
  return `${route.method} ${route.path}: ${problem.slice(0, 300)}`;
}

/** Whether the schema of the route takes the body, as far as that is known. */
function isTaken({ route, judged }: PlannedRequest): boolean {
  return judged === undefined || route.document?.body?.safeParse(judged.body ?? {}).success !== false;
}

function readObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function described({ method, path, headers, body }: FuzzRequest): string {
  const text = typeof body === "string" ? body.slice(0, 300) : (body?.toString("hex") ?? "no body");
  return `${method} ${path.slice(0, 300)} ${JSON.stringify({ ...headers, authorization: "…" })} ${text}`;
}
