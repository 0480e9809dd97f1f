import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerMessage } from "@pawl/contract/worker-protocol";
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
  host.send({ type: "report", report: 1, results: [result], started: [], returned: [], capacity });
  assert.deepEqual(await host.next(), { type: "ack", report: 1, lost: [] });
  const ended = (await call(api, "GET", `/api/v3/runs/${id}`)).body;
  assert.equal(ended.status, "COMPLETED");
  assert.equal(ended.output, "a\0b");
  assert.equal(ended.version, version.label);

  host.send({ type: "report", report: 2, results: [{ ...result, fence: 99 }], started: [], returned: [], capacity });
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
  const report = { type: "report", report: 1, results: [], started: [], returned: [], capacity };
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
