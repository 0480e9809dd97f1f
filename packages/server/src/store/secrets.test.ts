import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { withDatabase } from "@pawl/testkit";
import { createSecrets, findOrMakeKeyFile, openSecrets, parseEncryptionKey } from "./secrets.ts";

test("what is sealed opens under the same key and purpose only", () => {
  const secrets = createSecrets(randomBytes(32));
  const sealed = secrets.seal("tr_dev_ä", "api_key");
  assert.equal(secrets.open(sealed, "api_key"), "tr_dev_ä");
  assert.throws(() => secrets.open(sealed, "variable"));
  assert.throws(() => createSecrets(randomBytes(32)).open(sealed, "api_key"));
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
  assert.throws(() => secrets.open(sealed, "api_key"));
  assert.notDeepEqual(secrets.seal("same", "api_key"), secrets.seal("same", "api_key"));
});

test("a key is 32 bytes in hex or base64", () => {
  const key = randomBytes(32);
  assert.deepEqual(parseEncryptionKey(`${key.toString("hex")}\n`), key);
  assert.deepEqual(parseEncryptionKey(key.toString("base64")), key);
  assert.deepEqual(parseEncryptionKey(key.toString("base64url")), key);
  assert.throws(() => parseEncryptionKey("password"), { name: "StartError", message: /openssl rand -hex 32/ });
});

test("the key file is made once, also by several at the same time", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "pawl-key-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "encryption-key");
  const [first, ...others] = await Promise.all([findOrMakeKeyFile(path)]);
  for (const key of [...others, await findOrMakeKeyFile(path)]) assert.deepEqual(key, first);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("a database refuses another key than its first", async (t) => {
  const { database } = await withDatabase(t);
  const key = randomBytes(32);
  await openSecrets(database, key);
  await openSecrets(database, key);
  await assert.rejects(openSecrets(database, randomBytes(32)), { name: "StartError" });
});
