import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { listServerSettings, readServerSettings } from "./config.ts";

test("every setting has a default but those that name something of yours", () => {
  assert.deepEqual(readServerSettings({ PORT: "" }), {
    port: 3030,
    host: "127.0.0.1",
    dataDir: resolve(".pawl"),
    databaseUrl: null,
    databaseDirectUrl: null,
    databasePoolSize: 10,
    encryptionKey: null,
  });
});

test("a setting that can't be read is named", () => {
  assert.throws(() => readServerSettings({ PORT: "http" }), { name: "StartError", message: /PORT/ });
  assert.throws(() => readServerSettings({ DATABASE_URL: "mysql://x" }), {
    name: "StartError",
    message: /^The setting DATABASE_URL can't be read: must begin with postgresql:\/\/\.$/,
  });
});

test("every setting has a sentence", () => {
  for (const { variable, sentence } of listServerSettings()) assert.match(sentence, /\.$/, variable);
});
