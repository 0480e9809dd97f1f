import assert from "node:assert/strict";
import { test } from "node:test";
import { isOutage } from "./outage.ts";

const withCode = (code: string) => Object.assign(new Error("x"), { code });

test("a database out of reach is told from a bug", () => {
  for (const code of ["ECONNREFUSED", "ECONNRESET", "ENOENT", "57P01", "57P03", "08006", "53300"]) {
    assert.equal(isOutage(withCode(code)), true, code);
  }
  for (const code of ["23505", "42P01", "ERR_INVALID_ARG_TYPE", "22021"])
    assert.equal(isOutage(withCode(code)), false, code);
  assert.equal(isOutage(new Error("Connection terminated unexpectedly")), true);
  assert.equal(isOutage(new Error("trigger failed", { cause: withCode("ECONNREFUSED") })), true);
  assert.equal(isOutage(new AggregateError([withCode("ECONNREFUSED")], "connect")), true);
  assert.equal(isOutage(new TypeError("x is undefined")), false);
  assert.equal(isOutage("ECONNREFUSED"), false);
});
