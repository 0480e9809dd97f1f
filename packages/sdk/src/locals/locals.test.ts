import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fakeRun } from "../fixtures/fake-run.ts";
import { runtime } from "../runtime.ts";
import { locals } from "./locals.ts";

afterEach(() => {
  runtime().context = null;
});

test("each run has values of its own, under keys that are equal by their id", () => {
  const key = locals.create<number>("count");
  const one = fakeRun({});
  one.execute(() => {
    assert.equal(locals.get(key), undefined);
    assert.equal(locals.set(key, 1), 1);
    assert.equal(locals.getOrThrow(locals.create<number>("count")), 1);
  });
  const other = fakeRun({});
  other.execute(() => assert.equal(locals.get(key), undefined));
});

test("undefined is a value, too", () => {
  const key = locals.create<string | undefined>("maybe");
  fakeRun({}).execute(() => {
    locals.set(key, undefined);
    assert.equal(locals.getOrThrow(key), undefined);
  });
});

test("says what is missing", () => {
  const key = locals.create<number>("count");
  const refusal = { name: "RunContextError", message: /outside of a run/ };
  assert.throws(() => locals.set(key, 1), refusal);
  assert.throws(() => locals.getOrThrow(key), refusal);
  assert.equal(locals.get(key), undefined);
  fakeRun({}).execute(() => assert.throws(() => locals.getOrThrow(key), /Nothing was kept under the local "count"/));
});
