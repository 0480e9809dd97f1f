import assert from "node:assert/strict";
import type { Profiler } from "node:inspector";
import { test } from "node:test";
import { bucketsOf } from "./profile-buckets.ts";

let lastId = 0;

function node(functionName: string, url: string, children: readonly Profiler.ProfileNode[] = []): Profiler.ProfileNode {
  const callFrame = { functionName, url, scriptId: "0", lineNumber: 0, columnNumber: 0 };
  return { id: ++lastId, callFrame, children: children.map(({ id }) => id) };
}

test("each function counts for its package, a native one for its caller, and idle time for nobody", () => {
  const native = node("byteLength", "");
  const write = node("writev", "");
  const inspector = node("post", "node:inspector");
  const engine = node("claim", "file:///x/node_modules/@pawl/server/dist/engine/run/claim.js");
  const driver = node("query", "file:///x/node_modules/pg/lib/client.js", [native, write]);
  const idle = node("(idle)", "");
  const collector = node("(garbage collector)", "");
  const root = node("(root)", "", [engine, driver, idle, collector, inspector]);
  const profile = {
    nodes: [root, engine, driver, idle, collector, inspector, native, write],
    startTime: 0,
    endTime: 1_000,
    samples: [engine.id, inspector.id, driver.id, native.id, idle.id, collector.id, write.id],
    timeDeltas: [100, 900, 50, 50, 600, 100, 30],
  };
  assert.deepEqual(Object.fromEntries(bucketsOf(profile)), {
    "Pawl: server/engine": 100,
    "Postgres driver (pg)": 100,
    "garbage collector": 100,
    "writing to sockets and files (system calls)": 30,
  });
});
