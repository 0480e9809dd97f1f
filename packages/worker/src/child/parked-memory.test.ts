import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ExecutorUnderTest, waits } from "../fixtures/executor-under-test.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

test("a parked run is a few kilobytes of its process, whatever the length of its payload", async (t) => {
  const host = new ExecutorUnderTest();
  const count = 500;
  const payload = JSON.stringify("x".repeat(20_000));
  const heapUsed = async () => {
    host.messages.splice(0);
    for (let n = 0; n < 3; n++) {
      await nextTurn();
      collectGarbage();
    }
    return process.memoryUsage().heapUsed;
  };
  const begin = () => host.begin(async () => void (await waits()), { order: { payload: `${payload} ` } });
  const warm = begin();
  await host.untilAwaits(warm);
  const before = await heapUsed();
  const runs = Array.from({ length: count }, begin);
  for (const run of runs) await host.untilAwaits(run);
  const kilobytes = ((await heapUsed()) - before) / count / 1_024;
  t.diagnostic(`${kilobytes.toFixed(1)} KB for each of ${count} parked runs`);
  // The parsed payload is the code's own; here it is one flat copy of 20 KB that `run` does not keep.
  assert.ok(kilobytes < 32, `${kilobytes.toFixed(1)} KB`);
  for (const run of [warm, ...runs]) host.resume(run, "time#1");
  for (const run of runs) await host.resultOf(run);
});
