import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { isProcessAlive } from "./process-alive.ts";

test("this process is alive, and one that has ended is not", async () => {
  assert.equal(isProcessAlive(process.pid), true);
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  assert.equal(isProcessAlive(child.pid ?? 0), false);
});

test("a process that may not be signalled is alive", (t) => {
  const refusal = Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  t.mock.method(process, "kill", () => {
    throw refusal;
  });
  assert.equal(isProcessAlive(1), true);
});

test("what is no id of a single process is not alive", () => {
  for (const pid of [0, -1, 1.5, Number.NaN]) assert.equal(isProcessAlive(pid), false);
});
