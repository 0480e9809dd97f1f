import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, test } from "node:test";
import { type RunCall, runCallSchema, type WaitResult } from "@pawl/contract/worker-protocol";
import { configure } from "../client/client-settings.ts";
import { BadRequestError, NotFoundError } from "../errors/api-error.ts";
import { CallError } from "../errors/call-error.ts";
import { WaitpointTimeoutError } from "../errors/wait-error.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { idempotencyKeys } from "../idempotency/idempotency-keys-api.ts";
import { runtime } from "../runtime.ts";
import { wait } from "./wait-api.ts";

const time: WaitResult = { kind: "time" };
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

function waitingRun(result: WaitResult = time, facts = {}) {
  const answer = (request: RunCall) =>
    request.kind === "token"
      ? { waitpointId: "waitpoint_1", isCached: false, url: "http://x/callback", publicAccessToken: "eyJ" }
      : { waitpointId: "waitpoint_1" };
  return fakeRun({ answer, result: () => result }, facts);
}

async function serve(t: { after(body: () => unknown): void }, reply: Reply) {
  const server = await startProtocolServer(() => reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

afterEach(() => {
  runtime().context = null;
});

test("waits for a time that the server keeps", async () => {
  const { execute, calls, awaits } = waitingRun();
  const before = Date.now();
  await execute(() => wait.for({ minutes: 2, idempotencyKey: "nap", idempotencyKeyTTL: "1h" }));
  const [call] = calls;
  assert.ok(call?.kind === "time" && runCallSchema.safeParse(call).success);
  assert.equal(call.wait, "time#1");
  assert.ok(call.atMs >= before + 120_000 && call.atMs <= Date.now() + 120_000);
  assert.deepEqual([call.idempotencyKey, call.idempotencyKeyTTL], [hash("nap-run_parent"), "1h"]);
  assert.deepEqual(awaits, [{ wait: "time#1", about: { type: "duration", date: new Date(call.atMs) } }]);
});

test("after a loss the time is the one that was first asked for", async () => {
  const { execute, awaits } = fakeRun({ answer: () => ({ waitpointId: "waitpoint_1", atMs: 5 }), result: () => time });
  await execute(() => wait.for({ days: 1 }));
  assert.deepEqual(awaits[0]?.about, { type: "duration", date: new Date(5) });
});

test("a second or less is a timer in the process", async () => {
  const { execute, calls } = waitingRun();
  const startedAt = performance.now();
  await execute(async () => {
    await Promise.all([wait.for({ seconds: 0.05 }), wait.until({ date: new Date(Date.now() + 50) })]);
    await wait.for({ seconds: 0 });
  });
  assert.ok(performance.now() - startedAt >= 45);
  assert.equal(calls.length, 0);
});

test("a date in the past returns at once, and counts, so that a wait after it keeps its key after a loss", async () => {
  const { execute, calls } = waitingRun();
  await execute(async () => {
    await wait.until({ date: new Date(0) });
    await wait.until({ date: new Date(Date.now() + 60_000), idempotencyKey: "f".repeat(64) });
    await assert.rejects(wait.until({ date: new Date(0), throwIfInThePast: true }), /1970-01-01.* is in the past/);
    await assert.rejects(wait.until({ date: new Date(Number.NaN) }), { name: "RangeError", message: /valid date/ });
  });
  assert.deepEqual(
    calls.map((call) => call.kind === "time" && [call.wait, call.idempotencyKey]),
    [["time#2", "f".repeat(64)]],
  );
  const recovered = waitingRun(time, { isRecovery: true });
  await recovered.execute(() => wait.until({ date: new Date(0), throwIfInThePast: true }));
});

test("a wait whose length can't be right is refused", async () => {
  const { execute } = waitingRun();
  await execute(async () => {
    await assert.rejects(wait.for({ seconds: -1 }), { name: "RangeError", message: /-1 seconds can't be/ });
    await assert.rejects(wait.for({ years: 1e9 }), /after the end of time/);
    await assert.rejects(wait.for({ days: 1, idempotencyKeyTTL: "soon" }), BadRequestError);
    // @ts-expect-error a length is needed
    await assert.rejects(wait.for({}), /needs a length/);
  });
});

test("makes a token in a run, and waits for it", async () => {
  const token = {
    kind: "token",
    isTimeout: false,
    output: '{"json":{"ok":1}}',
    outputType: "application/super+json",
  } as const;
  const { execute, calls, awaits } = waitingRun(token);
  await execute(async () => {
    const made = await wait.createToken({ timeout: "10m", tags: "user:1", idempotencyKey: "k" });
    assert.deepEqual(made, { id: "waitpoint_1", url: "http://x/callback", isCached: false, publicAccessToken: "eyJ" });
    await wait.createToken({ timeout: new Date(5) });
    await wait.createToken({ timeout: "1970-01-01T00:00:00.006Z" });
    assert.deepEqual(await wait.forToken(made), { ok: true, output: { ok: 1 } });
    assert.deepEqual(await wait.forToken<{ ok: number }>("waitpoint_1").unwrap(), { ok: 1 });
  });
  assert.ok(calls.every((call) => runCallSchema.safeParse(call).success));
  assert.deepEqual(calls, [
    { kind: "token", wait: "token#1", timeout: "10m", tags: ["user:1"], idempotencyKey: hash("k-run_parent") },
    { kind: "token", wait: "token#2", timeout: 5 },
    { kind: "token", wait: "token#3", timeout: 6 },
    { kind: "join", wait: "token-wait#1", waitpointId: "waitpoint_1" },
    { kind: "join", wait: "token-wait#2", waitpointId: "waitpoint_1" },
  ]);
  assert.deepEqual(awaits[0], { wait: "token-wait#1", about: { type: "token", token: "waitpoint_1" } });
});

test("a token that nobody completed in time is an error", async () => {
  const { execute } = waitingRun({ kind: "token", isTimeout: true });
  await execute(async () => {
    const result = await wait.forToken({ id: "waitpoint_1" });
    assert.ok(!result.ok && result.error instanceof WaitpointTimeoutError);
    assert.match(result.error.message, /waitpoint_1/);
    await assert.rejects(wait.forToken("waitpoint_1").unwrap(), WaitpointTimeoutError);
  });
});

test("a token that does not exist is told where it is awaited", async () => {
  const { execute } = fakeRun({
    answer: () => {
      throw new CallError({ code: "not_found", message: "no such token" });
    },
  });
  await execute(() => assert.rejects(async () => wait.forToken("waitpoint_2"), NotFoundError));
});

test("a backend makes, completes, lists and retrieves tokens", async (t) => {
  const made = await serve(t, {
    body: { id: "waitpoint_1", url: "http://x", isCached: true },
    headers: { "x-trigger-jwt": "eyJ" },
  });
  const token = await wait.createToken({ timeout: new Date(0), tags: ["a"], idempotencyKey: "plain" });
  assert.deepEqual(token, { id: "waitpoint_1", url: "http://x", isCached: true, publicAccessToken: "eyJ" });
  const timeout = "1970-01-01T00:00:00.000Z";
  assert.deepEqual(JSON.parse(made.requests[0]?.body ?? ""), { timeout, tags: ["a"], idempotencyKey: "plain" });
  await wait.createToken({ idempotencyKey: await idempotencyKeys.create("k") });
  assert.equal(JSON.parse(made.requests[1]?.body ?? "").idempotencyKey, hash("k"));
  await assert.rejects(wait.createToken({ timeout: "soon" }), BadRequestError);
  await assert.rejects(wait.createToken({ tags: [""] }), BadRequestError);

  const completed = await serve(t, { body: { success: true } });
  assert.deepEqual(await wait.completeToken(token, { approved: true, at: new Date(0) }), { success: true });
  await wait.completeToken("waitpoint_2", undefined);
  assert.deepEqual(
    completed.requests.map(({ path, body }) => [path, body]),
    [
      ["/api/v1/waitpoints/tokens/waitpoint_1/complete", `{"data":{"approved":true,"at":"${timeout}"}}`],
      ["/api/v1/waitpoints/tokens/waitpoint_2/complete", "{}"],
    ],
  );
  await assert.rejects(wait.completeToken(token, { f() {} }), { name: "PayloadError", message: /a function at f/ });
});

test("lists and retrieves tokens", async (t) => {
  const at = "2026-01-02T03:04:05.000Z";
  const item = { id: "waitpoint_1", url: "http://x", status: "COMPLETED", createdAt: at, completedAt: at, tags: ["a"] };
  const list = await serve(t, { body: { data: [item], pagination: {} } });
  const page = await wait.listTokens({
    status: ["WAITING", "COMPLETED"],
    tags: "a",
    idempotencyKey: "k",
    period: "1d",
    limit: 5,
  });
  assert.deepEqual(page.data, [{ ...item, createdAt: new Date(at), completedAt: new Date(at) }]);
  assert.deepEqual(Object.fromEntries(new URL(list.requests[0]?.path ?? "", "http://a").searchParams), {
    "filter[status]": "WAITING,COMPLETED",
    "filter[idempotencyKey]": "k",
    "filter[tags]": "a",
    "filter[createdAt][period]": "1d",
    "page[size]": "5",
  });
  await serve(t, { body: { ...item, output: '{"approved":true}', outputType: "application/json" } });
  const found = await wait.retrieveToken<{ approved: boolean }>("waitpoint_1");
  assert.deepEqual([found.output, found.createdAt], [{ approved: true }, new Date(at)]);
  await serve(t, {
    body: { ...item, status: "TIMED_OUT", output: "{}", outputType: "application/json", outputIsError: true },
  });
  const late = await wait.retrieveToken("waitpoint_1");
  assert.ok(late.error instanceof WaitpointTimeoutError && late.output === undefined);
});
