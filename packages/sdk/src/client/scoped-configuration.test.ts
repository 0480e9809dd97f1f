import assert from "node:assert/strict";
import { test } from "node:test";
import { clientSettings, configure } from "./client-settings.ts";
import { withConfiguration } from "./scoped-configuration.ts";

const keyNow = () => clientSettings().key;

test("in a browser it holds until the code has ended, however that ends", async (t) => {
  configure({ secretKey: "tr_own", baseURL: "http://localhost:1" });
  const builtIn = process.getBuiltinModule;
  process.getBuiltinModule = () => undefined as never; // as where there is no Node
  t.after(() => {
    process.getBuiltinModule = builtIn;
  });
  const baseURL = "http://localhost:2";
  const gate = Promise.withResolvers<void>();
  const outer = withConfiguration({ accessToken: "tr_a", baseURL }, async () => {
    await gate.promise;
    return keyNow();
  });
  assert.equal(keyNow(), "tr_a");
  assert.equal(await withConfiguration({ accessToken: "tr_b", baseURL }, async () => keyNow()), "tr_b");
  assert.equal(keyNow(), "tr_a");
  const thrown = new Error("mine");
  const throwing = () => {
    throw thrown;
  };
  await assert.rejects(withConfiguration({ accessToken: "tr_b", baseURL }, throwing), thrown);
  assert.equal(keyNow(), "tr_a");
  gate.resolve();
  assert.equal(await outer, "tr_a");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(keyNow(), "tr_own");
});
