import assert from "node:assert/strict";
import { test } from "node:test";
import { call, startApi } from "../api/fixtures/started-api.ts";
import { pollingWorker } from "./fixtures/polling-worker.ts";

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const nano = (ms: number) => `${ms}000000`;

test("logs and spans of a run are read with it, and metrics are accepted", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  const runId = await worker.trigger("mail.send");
  const { body } = await worker.start(await worker.offered());
  const path = body.envVars.TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT.slice(api.apiUrl.length);
  const send = (signal: string, value: object) => call(api, "POST", `${path}/v1/${signal}`, { key: null, body: value });
  const now = Date.now();
  const of = [text("$metadata.ctx.run.id", runId), { key: "$metadata.ctx.attempt.number", value: { intValue: 1 } }];
  const span = (spanId: string, name: string, more: object[] = []) => ({
    traceId: "0".repeat(32),
    spanId,
    parentSpanId: "00000000000000ff",
    name,
    startTimeUnixNano: nano(now),
    endTimeUnixNano: nano(now + 250),
    attributes: [...of, ...more],
    status: { code: name === "bad()" ? 2 : 1 },
  });
  const flag = (key: string) => ({ key, value: { boolValue: true } });
  const traces = {
    resourceSpans: [
      {
        resource: { attributes: [text("ctx.environment.id", "env_x")] },
        scopeSpans: [
          {
            spans: [
              span("00000000000000ff", "Attempt 1", [flag("$span.attempt")]),
              span("0000000000000001", "run()", [flag("$span.partial")]),
              span("0000000000000002", "run()", [text("$style.icon", "task"), text("kind", "mine")]),
              span("0000000000000003", "bad()"),
            ],
          },
        ],
      },
    ],
  };
  assert.deepEqual((await send("traces", traces)).body, {});
  const record = (severityNumber: number, message: string, attributes: object[]) => ({
    timeUnixNano: nano(now + 10),
    severityNumber,
    body: { stringValue: message },
    attributes,
    spanId: "0000000000000002",
  });
  const logs = {
    resourceLogs: [
      {
        resource: { attributes: of },
        scopeLogs: [{ logRecords: [record(9, "hello\0", [text("to", "Ada")]), record(17, "oh", [])] }],
      },
      { scopeLogs: [{ logRecords: [record(9, "of nobody", [])] }] },
    ],
  };
  assert.deepEqual((await send("logs", logs)).body, {});
  assert.deepEqual((await send("metrics", { resourceMetrics: [{}] })).body, {});
  const trace = await call(api, "GET", `/api/v1/runs/${runId}/trace?page[size]=100`);
  const listed = trace.body.data.map(({ message, level, isError }: Record<string, unknown>) => [
    message,
    level,
    isError,
  ]);
  assert.deepEqual(listed.slice(2).sort(), [
    ["bad()", "TRACE", true],
    ["hello\uFFFD", "INFO", false],
    ["oh", "ERROR", true],
    ["run()", "TRACE", false],
  ]);
  const shown = await call(api, "GET", `/api/v1/runs/${runId}/spans/0000000000000002`);
  assert.deepEqual([shown.body.properties, shown.body.durationMs], [{ kind: "mine" }, 250]);
});

test("telemetry without the proof that a worker was told is refused, and nonsense is named", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "mail.send");
  await worker.trigger("mail.send");
  const { body } = await worker.start(await worker.offered());
  const path = body.envVars.TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT.slice(api.apiUrl.length);
  const send = (at: string, value: unknown) => call(api, "POST", at, { key: null, body: value });
  assert.equal((await send(`${path.slice(0, -1)}/v1/logs`, {})).status, 404);
  assert.equal((await send(`${path.slice(0, -1)}/v1/logs`, "{".repeat(1024))).status, 404); // before it is read
  assert.equal((await send(`/otel/env_x/${"0".repeat(64)}/v1/logs`, {})).status, 404);
  assert.equal((await send(`${path}/v1/logs`, {})).status, 200);
  const wrong = await send(`${path}/v1/traces`, { resourceSpans: "x" });
  assert.deepEqual([wrong.status, wrong.body.param], [400, "resourceSpans"]);
  assert.equal((await send(`${path}/v1/logs`, [])).status, 400);
});

test("what goes wrong with telemetry is noted without its proof", async (t) => {
  const api = await startApi(t, (settings) => {
    const append = () => Promise.reject(new Error("broken"));
    return { ...settings, telemetry: { ...settings.telemetry, append } };
  });
  const worker = await pollingWorker(api, "mail.send");
  await worker.trigger("mail.send");
  const { body } = await worker.start(await worker.offered());
  const path = body.envVars.TRIGGER_OTEL_EXPORTER_OTLP_ENDPOINT.slice(api.apiUrl.length);
  assert.equal((await call(api, "POST", `${path}/v1/logs`, { key: null, body: {} })).status, 500);
  const [, , environmentId, proof] = path.split("/");
  assert.equal(api.bugs[0]?.request, `POST /otel/${environmentId}/:proof/v1/logs`);
  assert.equal(proof.length, 64);
});
