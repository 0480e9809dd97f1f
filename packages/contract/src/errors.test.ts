import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apiErrors, outcomeOf, publicRunError, type RunError, type RunErrorCode, runErrors } from "./errors.ts";
import { runErrorSchema } from "./run-error-schema.ts";

const codes = Object.keys(runErrors) as RunErrorCode[]; // the keys of the table

const builtIn: RunError = {
  type: "BUILT_IN_ERROR",
  name: "TypeError",
  message: "no",
  stackTrace: "TypeError: no\n at a",
};

describe("runErrorSchema", () => {
  const accepted: readonly RunError[] = [
    builtIn,
    { ...builtIn, causes: [{ name: "Error", message: "deeper" }] },
    { type: "CUSTOM_ERROR", raw: '{"a":1}' },
    { type: "STRING_ERROR", raw: "no" },
    ...codes.map((code): RunError => ({ type: "INTERNAL_ERROR", code })),
  ];
  for (const error of accepted) {
    const what = error.type === "INTERNAL_ERROR" ? error.code : error.type;
    test(`accepts ${what}`, () => assert.deepEqual(runErrorSchema.parse(error), error));
  }

  const refused: readonly unknown[] = [
    { type: "INTERNAL_ERROR", code: "NO_SUCH_CODE" },
    { type: "INTERNAL_ERROR" },
    { type: "BUILT_IN_ERROR", message: "no" },
    { type: "STRING_ERROR" },
    { type: "OTHER" },
    "no",
  ];
  for (const error of refused) {
    test(`refuses ${JSON.stringify(error)}`, () => assert.equal(runErrorSchema.safeParse(error).success, false));
  }
});

describe("outcomeOf", () => {
  test("is failed for whatever the code threw", () => {
    assert.equal(outcomeOf(builtIn), "failed");
    assert.equal(outcomeOf({ type: "CUSTOM_ERROR", raw: "{}" }), "failed");
    assert.equal(outcomeOf({ type: "STRING_ERROR", raw: "no" }), "failed");
  });

  for (const code of codes) {
    test(`of ${code} is ${runErrors[code].outcome}`, () => {
      assert.equal(outcomeOf({ type: "INTERNAL_ERROR", code }), runErrors[code].outcome);
    });
  }
});

describe("publicRunError", () => {
  test("shows an error with its name, stack and causes", () => {
    const { name, message, stackTrace } = { name: "TypeError", message: "no", stackTrace: "TypeError: no\n at a" };
    const causes = [{ name: "Error", message: "deeper", stackTrace: "Error: deeper" }];
    assert.deepEqual(publicRunError(builtIn), { name, message, stackTrace });
    assert.deepEqual(publicRunError({ ...builtIn, causes }), { name, message, stackTrace, causes });
  });

  test("shows what was thrown besides errors as the message", () => {
    assert.deepEqual(publicRunError({ type: "STRING_ERROR", raw: "no" }), { message: "no" });
    assert.deepEqual(publicRunError({ type: "CUSTOM_ERROR", raw: '{"a":1}' }), { message: '{"a":1}' });
  });

  for (const code of codes) {
    test(`says what to do about ${code}`, () => {
      const { hint } = runErrors[code];
      assert.match(hint, /\.$/);
      assert.deepEqual(publicRunError({ type: "INTERNAL_ERROR", code }), { name: code, message: hint });
      assert.deepEqual(publicRunError({ type: "INTERNAL_ERROR", code, message: "Exit code 3.", stackTrace: "at a" }), {
        name: code,
        message: `Exit code 3. ${hint}`,
        stackTrace: "at a",
      });
    });
  }
});

test("a message without an end gets a full stop before the hint", () => {
  const { message } = publicRunError({ type: "INTERNAL_ERROR", code: "TASK_RUN_CRASHED", message: "Error: no key" });
  assert.match(message, /^Error: no key\. The process/);
});

describe("apiErrors", () => {
  for (const [code, { status, fault, isRetryable }] of Object.entries(apiErrors)) {
    test(`${code} blames the side that its status ${status} blames, and only a platform's fault is worth a retry`, () => {
      assert.equal(fault, status < 500 ? "user" : "platform");
      assert.equal(isRetryable, fault === "platform");
    });
  }
});
