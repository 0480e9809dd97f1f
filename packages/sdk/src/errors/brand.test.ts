import assert from "node:assert/strict";
import { test } from "node:test";
import * as first from "./api-error.ts";
import { AbortTaskRunError } from "./task-error.ts";

test("instanceof survives a second copy of the package", async () => {
  const copy = "./api-error.ts?copy"; // another module to Node, with the same code
  const second = (await import(copy)) as typeof first; // the same file
  assert.notEqual(second.NotFoundError, first.NotFoundError);
  const error = new second.NotFoundError(404, { headers: {}, body: null, message: "no" });
  assert.ok(error instanceof first.NotFoundError && error instanceof first.ApiError && error instanceof Error);
  assert.ok(!(error instanceof first.ConflictError));
  assert.ok(!(new first.ApiError(409, { headers: {}, body: null, message: "no" }) instanceof first.ConflictError));
});

test("a user's subclass is recognised by itself alone", () => {
  class Hopeless extends AbortTaskRunError {}
  assert.ok(new Hopeless("a") instanceof Hopeless && new Hopeless("a") instanceof AbortTaskRunError);
  assert.ok(!(new AbortTaskRunError("a") instanceof Hopeless));
  assert.ok(!((null as unknown) instanceof AbortTaskRunError));
});
