import assert from "node:assert/strict";
import { test } from "node:test";
import { apiErrors } from "@pawl/contract/errors";
import { statusOfCode } from "./api-error-from-call.ts";
import { errorOfRun } from "./run-error.ts";

test("gives back the error that the run's code threw, with its causes", () => {
  const error = errorOfRun({
    type: "BUILT_IN_ERROR",
    name: "RangeError",
    message: "too far",
    stackTrace: "RangeError: too far\n    at there",
    causes: [
      { name: "TypeError", message: "one" },
      { name: "Error", message: "two", stackTrace: "Error: two\n    at here" },
    ],
  });
  assert.ok(error instanceof Error);
  assert.deepEqual([error.name, error.message], ["RangeError", "too far"]);
  assert.equal(error.stack, "RangeError: too far\n    at there");
  const cause = error.cause;
  assert.ok(cause instanceof Error && cause.cause instanceof Error);
  assert.deepEqual([cause.name, cause.stack, cause.cause.message], ["TypeError", "TypeError: one", "two"]);
});

test("makes an error of whatever else a run ended with", () => {
  assert.equal(errorOfRun({ type: "STRING_ERROR", raw: "no" }).message, "no");
  assert.deepEqual(errorOfRun({ type: "CUSTOM_ERROR", raw: '{"code":5}' }).cause, { code: 5 });
  assert.equal(errorOfRun({ type: "CUSTOM_ERROR", raw: "cut off {" }).cause, "cut off {");
  const internal = errorOfRun({ type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" });
  assert.deepEqual([internal.name, internal.message], ["TASK_RUN_CANCELLED", "The run ended with TASK_RUN_CANCELLED."]);
  assert.match(errorOfRun(undefined).message, /did not complete/);
});

test("calls through a host know the status of every error of the API", () => {
  const statuses = Object.fromEntries(Object.entries(apiErrors).map(([code, rule]) => [code, rule.status]));
  assert.deepEqual(statusOfCode, statuses);
});
