import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOfDeath } from "./process-death.ts";

const heap = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";

for (const [code, signal, outputTail, expected] of [
  [0, null, "", "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"],
  [3, null, "", "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"],
  [134, null, heap, "TASK_PROCESS_OOM_KILLED"],
  [null, "SIGABRT", heap, "TASK_PROCESS_OOM_KILLED"],
  [null, "SIGTRAP", heap, "TASK_PROCESS_OOM_KILLED"],
  [null, "SIGABRT", "assertion failed", "TASK_RUN_CRASHED"],
  [null, "SIGSEGV", "", "TASK_PROCESS_SIGSEGV"],
  [null, "SIGTERM", heap, "TASK_PROCESS_SIGTERM"],
  [null, "SIGKILL", "", "TASK_PROCESS_SIGKILL_TIMEOUT"],
  [null, "SIGUSR2", "", "TASK_RUN_CRASHED"],
] as const) {
  test(`code ${code}, signal ${signal}${outputTail === "" ? "" : ` and "${outputTail.slice(0, 20)}"`} is ${expected}`, () => {
    assert.equal(errorOfDeath({ code, signal, outputTail }).code, expected);
  });
}

test("the last output of an unexplained end is in the message", () => {
  assert.match(errorOfDeath({ code: null, signal: "SIGABRT", outputTail: "assertion 7" }).message ?? "", /assertion 7/);
});
