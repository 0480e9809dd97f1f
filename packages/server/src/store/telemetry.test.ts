import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import { withDatabase } from "@pawl/testkit";
import { createTelemetryStore } from "./telemetry.ts";

function log(runId: string, message: string, atMs = Date.now()): TelemetryRecord {
  return { kind: "log", runId, attempt: 1, atMs, spanId: "00f067aa0ba902b7", level: "info", message, isError: false };
}

test("logs and spans come back as they went in, in the order of their times", async (t) => {
  const { database, environment, onEnd } = await withDatabase(t);
  const store = createTelemetryStore({ database });
  onEnd(() => store.close());
  const runId = newUuid();
  const atMs = Date.now();
  const span: TelemetryRecord = {
    ...log(runId, "tab\t newline\n backslash \\N return\r ünï 😀", atMs + 0.5),
    kind: "span",
    parentSpanId: "b7ad6b7169203331",
    durationMs: 12.25,
    isError: true,
    attributes: '{"a":"\\n"}',
  };
  await store.append(environment.id, [span, log(runId, "first", atMs + 0.25), log(newUuid(), "of another run")]);
  const read = await store.read(environment.id, runId);
  assert.deepEqual(
    read.map((record) => ({ ...record, atMs: Math.floor(record.atMs) })),
    [log(runId, "first", atMs), { ...span, atMs }],
  );
});

test("appends at the same time share a COPY, and a bad one fails alone", async (t) => {
  const { database, environment, onEnd } = await withDatabase(t);
  const store = createTelemetryStore({ database });
  onEnd(() => store.close());
  const runId = newUuid();
  const appends = [
    store.append(environment.id, [log(runId, "a")]),
    store.append(environment.id, [log(runId, "b")]),
    store.append(environment.id, [log("no uuid", "c")]),
    store.append(environment.id, [log(runId, "d")]),
  ];
  const settled = await Promise.allSettled(appends);
  assert.deepEqual(
    settled.map((result) => result.status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled"],
  );
  assert.equal((await store.read(environment.id, runId)).length, 3);
});

test("a clock that is wrong by years does not lose a line", async (t) => {
  const { database, environment, onEnd } = await withDatabase(t);
  const store = createTelemetryStore({ database });
  onEnd(() => store.close());
  const runId = newUuid();
  await store.append(environment.id, [log(runId, "old", 0), log(runId, "new", Date.now() * 2)]);
  assert.deepEqual(
    (await store.read(environment.id, runId)).map((record) => record.message),
    ["old", "new"],
  );
});

test("a connection that is lost fails what is under way, and the next append works", async (t) => {
  const { database, environment, onEnd } = await withDatabase(t);
  const store = createTelemetryStore({ database });
  onEnd(() => store.close());
  const runId = newUuid();
  await store.append(environment.id, [log(runId, "before")]);
  await database.query({
    name: "test_terminate",
    text: `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and query like 'copy telemetry%'`,
    values: [],
  });
  await store.append(environment.id, [log(runId, "lost")]).catch(() => undefined);
  await store.append(environment.id, [log(runId, "after")]);
  const messages = (await store.read(environment.id, runId)).map((record) => record.message);
  assert.ok(messages.includes("before") && messages.includes("after"));
});

test("more than may wait is refused, and what waits is written", async (t) => {
  const { database, environment, onEnd } = await withDatabase(t);
  const store = createTelemetryStore({ database, maxBuffered: 100 });
  onEnd(() => store.close());
  const runId = newUuid();
  const first = store.append(environment.id, [log(runId, "a")]);
  const second = store.append(environment.id, [log(runId, "b")]);
  await assert.rejects(second, { name: "TelemetryBacklogError" });
  await first;
  await store.append(environment.id, [log(runId, "c")]);
});
