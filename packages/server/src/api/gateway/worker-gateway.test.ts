import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallAnswer, ServerMessage } from "@pawl/contract/worker-protocol";
import { connectHost, hello } from "../fixtures/connected-host.ts";
import { call, manifestOf, startApi } from "../fixtures/started-api.ts";

const capacity = { ready: 1, ahead: 0, processes: 1, afterPush: 1 };

function runsOf(message: ServerMessage) {
  assert.ok(message.type === "runs", `a push of runs, not ${message.type}`);
  return message.runs;
}

test("a run goes down to a host and its result comes back, with public ids on the wire", async (t) => {
  const api = await startApi(t);
  const version = (await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a") })).body;
  assert.match(version.id, /^version_/);
  const host = await connectHost(api);
  host.send(hello([version.id]));
  const welcome = await host.next();
  assert.ok(welcome.type === "welcome");
  assert.match(welcome.environment.id, /^env_/);
  assert.equal(welcome.environment.slug, "dev");

  const { id } = (await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { payload: { n: 1 } } })).body;
  const [run] = runsOf(await host.next());
  assert.ok(run);
  assert.equal(run.runId, id);
  assert.equal(run.versionId, version.id);
  assert.equal(run.payload, '{"n":1}');
  assert.equal((await call(api, "GET", `/api/v3/runs/${id}`)).body.status, "EXECUTING");

  // An output that Postgres can't hold as text stays what it was.
  const held = { runId: run.runId, fence: run.fence };
  const result = { ...held, kind: "completed", output: "a\0b", outputType: "text/plain", durationMs: 5 };
  host.send({ type: "report", report: 1, results: [result], started: [], returned: [], orphaned: [], capacity });
  assert.deepEqual(await host.next(), { type: "ack", report: 1, lost: [] });
  const ended = (await call(api, "GET", `/api/v3/runs/${id}`)).body;
  assert.equal(ended.status, "COMPLETED");
  assert.equal(ended.output, "a\0b");
  assert.equal(ended.version, version.label);

  host.send({
    type: "report",
    report: 2,
    results: [{ ...result, fence: 99 }],
    started: [],
    returned: [],
    orphaned: [],
    capacity,
  });
  assert.deepEqual(await host.next(), { type: "ack", report: 2, lost: [{ runId: id, fence: 99 }] });
  assert.deepEqual(api.bugs, []);
});

test("a host of another protocol is told what to upgrade", async (t) => {
  const api = await startApi(t);
  for (const [protocol, advice] of [
    [0, /upgrade the worker.*1\.2\.3/],
    [2, /upgrade the server.*1\.2\.3/],
  ] as const) {
    const host = await connectHost(api);
    host.send({ type: "hello", protocol, anything: "else" });
    const refused = await host.next();
    assert.ok(refused.type === "refused");
    assert.match(refused.reason, advice);
    assert.equal(await host.closed, 1008);
  }
});

test("a message that can't be read is refused with the field named", async (t) => {
  const api = await startApi(t);
  const report = { type: "report", report: 1, results: [], started: [], returned: [], orphaned: [], capacity };
  const bad: [string | object, RegExp][] = [
    ["{", /not valid JSON/],
    [{ type: "song" }, /type/],
    [report, /first message must be a hello/],
    [hello([], { capacity: { ready: -1 } }), /capacity\.ready/],
    [hello([], { hostId: "run_x" }), /hostId: run_x is no id of a host/],
    [hello(["version_x"]), /versions: version_x/],
    [hello([], { held: [{ runId: "x", fence: 1 }] }), /runId: x is no id of a run/],
  ];
  for (const [message, reason] of bad) {
    const host = await connectHost(api);
    host.send(message);
    const refused = await host.next();
    assert.ok(refused.type === "refused");
    assert.match(refused.reason, reason);
    assert.equal(await host.closed, 1008);
  }
  assert.deepEqual(api.bugs, []);
});

test("closing the server asks hosts to connect again", async (t) => {
  const api = await startApi(t);
  const hosts = [await connectHost(api), await connectHost(api)];
  hosts[0]?.send(hello());
  await hosts[0]?.next();
  await api.app.close();
  assert.deepEqual(await Promise.all(hosts.map((host) => host.closed)), [1012, 1012]);
});

/** A run that executes on a connected host. */
async function executingRun(t: Parameters<typeof startApi>[0]) {
  const api = await startApi(t);
  const version = (await call(api, "POST", "/worker/v1/versions", { body: manifestOf("a") })).body;
  const host = await connectHost(api);
  host.send(hello([version.id]));
  await host.next();
  const { id } = (await call(api, "POST", "/api/v1/tasks/a/trigger", { body: {} })).body;
  const [run] = runsOf(await host.next());
  assert.ok(run);
  let calls = 0;
  const held = { runId: id, fence: run.fence };
  const ask = (request: object) => {
    calls++;
    host.send({ type: "calls", calls: [{ ...held, call: calls, request }] });
  };
  const answered = async (): Promise<CallAnswer> => {
    const message = await host.next();
    assert.ok(message.type === "answers", `answers, not ${JSON.stringify(message)}`);
    const [answer] = message.answers;
    assert.ok(answer);
    return answer;
  };
  return { api, host, version, id, held, ask, answered };
}

test("what code of a run asks for is answered with public ids, and what it waits for comes back with them", async (t) => {
  const { api, host, id, held, ask, answered } = await executingRun(t);
  ask({ kind: "trigger", taskId: "a", payload: "1", options: { delay: "1h" }, wait: "run:a#1" });
  const child = (await answered()).value as { runId: string; isCached: boolean };
  assert.equal(child.isCached, false);
  const shown = (await call(api, "GET", `/api/v3/runs/${child.runId}`)).body;
  assert.deepEqual([shown.triggerFunction, shown.relatedRuns.parent.id], ["triggerAndWait", id]);

  ask({ kind: "token", wait: "token#1", timeout: "1h", tags: ["x"] });
  const token = (await answered()).value as { waitpointId: string; url: string; publicAccessToken: string };
  assert.ok(token.url.startsWith(`${api.apiUrl}/api/v1/waitpoints/tokens/${token.waitpointId}/callback/`));
  ask({ kind: "join", wait: "token#2", waitpointId: token.waitpointId });
  assert.equal(((await answered()).value as { waitpointId: string }).waitpointId, token.waitpointId);
  ask({ kind: "batch", runCount: 2 });
  assert.match(((await answered()).value as { batchId: string }).batchId, /^batch_/);

  ask({ kind: "await", waits: ["run:a#1", "token#2"] });
  assert.equal((await answered()).value, null);
  const waiting = (await call(api, "GET", `/api/v3/runs/${id}`)).body;
  assert.equal(waiting.status, "WAITING");
  assert.match(waiting.reason, new RegExp(`the token ${token.waitpointId}`));
  await call(api, "POST", new URL(token.url).pathname, { key: null, body: { n: 1 } });
  const result = { kind: "token", isTimeout: false, output: '{"n":1}', outputType: "application/json" };
  assert.deepEqual(await host.next(), { type: "resumed", runs: [{ ...held, waits: [{ wait: "token#2", result }] }] });

  const path = `/worker/v1/runs/${id}/waits/${encodeURIComponent("token#2")}`;
  assert.deepEqual((await call(api, "GET", path)).body, result);
  assert.equal((await call(api, "GET", path.replace("2", "3"))).status, 404);
  await call(api, "POST", `/api/v2/runs/${child.runId}/cancel`);
  const ofChild = await call(api, "GET", `/worker/v1/runs/${id}/waits/${encodeURIComponent("run:a#1")}`);
  assert.deepEqual([ofChild.body.kind, ofChild.body.run.runId, ofChild.body.run.ok], ["run", child.runId, false]);
  assert.deepEqual(api.bugs, []);
});

test("a call that can't be meant is answered with its field, and its host goes on", async (t) => {
  const { api, host, held, ask, answered } = await executingRun(t);
  const bad: [request: object, code: string, field: string][] = [
    [{ kind: "song" }, "invalid_request", "kind"],
    [{ kind: "trigger", taskId: "a", options: { maxAttempts: 0 } }, "invalid_request", "options.maxAttempts"],
    [{ kind: "trigger", taskId: "a\0", options: {} }, "unprocessable", "task"],
    [{ kind: "trigger", taskId: "a", payload: "\0", options: {} }, "unprocessable", "payload"],
    [{ kind: "trigger", taskId: "a", options: { tags: "a\0" } }, "unprocessable", "options.tags"],
    [{ kind: "token", wait: "a", tags: ["a\0"] }, "unprocessable", "tags"],
    [{ kind: "token", wait: "a\0" }, "unprocessable", "wait"],
    [{ kind: "batch", runCount: 1, idempotencyKey: "a\0" }, "unprocessable", "idempotencyKey"],
    [{ kind: "join", wait: "a", waitpointId: "run_x" }, "not_found", "waitpointId"],
    [{ kind: "await", waits: [] }, "invalid_request", "waits"],
  ];
  for (const [request, code, field] of bad) {
    ask(request);
    const { error } = await answered();
    assert.deepEqual([error?.code, error?.field], [code, field], JSON.stringify(request));
  }
  const good = { ...held, call: 100, request: { kind: "token", wait: "token#1" } };
  host.send({ type: "calls", calls: [{ ...held, call: 99, request: null }, good] });
  assert.deepEqual([(await answered()).call, (await answered()).call], [99, 100]);
  assert.deepEqual(api.bugs, []);
});

test("code of a run triggers and batches over HTTP under its claim, and waits for both", async (t) => {
  const { api, host, version, id, held, ask, answered } = await executingRun(t);
  const parent = { parentRunId: id, parentFence: held.fence, resumeParentOnCompletion: true };
  const options = { ...parent, parentWait: "run:a#1", delay: "1h" };
  const trigger = () => call(api, "POST", "/api/v1/tasks/a/trigger", { body: { options } });
  const child = (await trigger()).body;
  assert.deepEqual((await trigger()).body, child, "the wait has its run already");
  const made = await call(api, "POST", "/api/v3/batches", { body: { runCount: 2, ...parent, parentWait: "batch#1" } });
  assert.equal(made.status, 202, JSON.stringify(made.body));
  const batch = made.body.id;
  const lines = [0, 1].map((index) =>
    JSON.stringify({ index, task: index === 0 ? "a" : "b", options: { delay: "1h" } }),
  );
  const headers = { "content-type": "application/x-ndjson" };
  const uploaded = await call(api, "POST", `/api/v3/batches/${batch}/items`, { headers, body: lines.join("\n") });
  assert.equal(uploaded.body.sealed, true, JSON.stringify(uploaded.body));
  const { runs } = (await call(api, "GET", `/api/v2/batches/${batch}`)).body;
  const [item] = await Promise.all(
    runs.map(async (runId: string) => (await call(api, "GET", `/api/v3/runs/${runId}`)).body),
  );
  assert.deepEqual([item.triggerFunction, item.version], ["batchTriggerAndWait", version.label]);

  ask({ kind: "await", waits: ["run:a#1", "batch#1"] });
  assert.equal((await answered()).value, null);
  assert.match(
    (await call(api, "GET", `/api/v3/runs/${id}`)).body.reason,
    /first of 2: .*of which 0 of 2 runs have ended/,
  );
  for (const runId of runs) await call(api, "POST", `/api/v2/runs/${runId}/cancel`);
  const resumed = await host.next();
  assert.ok(resumed.type === "resumed");
  const [wait] = resumed.runs[0]?.waits ?? [];
  assert.ok(wait?.result?.kind === "batch");
  assert.deepEqual([wait.wait, wait.result.batchId, wait.result.isAborted], ["batch#1", batch, false]);
  assert.deepEqual(
    wait.result.runs.map((run) => [run.runId, run.ok]),
    runs.map((runId: string) => [runId, false]),
  );
  const stale = { ...options, parentFence: held.fence + 1, parentWait: "run:a#2" };
  const lost = await call(api, "POST", "/api/v1/tasks/a/trigger", { body: { options: stale } });
  assert.deepEqual([lost.status, lost.body.code], [409, "lost_claim"]);
  assert.deepEqual(api.bugs, []);
});
