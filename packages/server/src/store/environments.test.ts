import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { raceDatabase, withDatabase } from "@pawl/testkit";
import type { Database } from "./db.ts";
import { createEnvironmentStore } from "./environments.ts";
import { createSecrets } from "./secrets.ts";

const secrets = createSecrets(randomBytes(32));

function makeKeys(database: Database) {
  return createEnvironmentStore(database, secrets).ensureDefaultProject();
}

test("the first start makes dev and prod with keys, later ones find them", async (t) => {
  const { database } = await withDatabase(t);
  const made = await makeKeys(database);
  assert.deepEqual(
    made.map(({ slug, type }) => [slug, type]),
    [
      ["dev", "DEVELOPMENT"],
      ["prod", "PRODUCTION"],
    ],
  );
  assert.match(made[0]?.secretKey ?? "", /^tr_dev_[0-9A-Za-z]{24}$/);
  assert.deepEqual(await makeKeys(database), made);
  const kept = await database.query({ name: "test_keys", text: "select * from api_key", values: [] });
  assert.ok(!JSON.stringify(kept).includes(made[0]?.secretKey ?? "?"));
});

test("servers that start at once make one set of keys", async (t) => {
  const { database } = await withDatabase(t);
  const [first, second] = await Promise.all([makeKeys(database), makeKeys(database)]);
  assert.deepEqual(first, second);
});

test("a key leads to its environment, a wrong one to none", async (t) => {
  const { database } = await withDatabase(t);
  const [dev] = await makeKeys(database);
  const store = createEnvironmentStore(database, secrets);
  assert.ok(dev !== undefined);
  const { secretKey, ...environment } = dev;
  assert.deepEqual(await store.findByKey(secretKey), environment);
  assert.equal(await store.findByKey("tr_dev_guess"), null);
});

test("a key is remembered for thirty seconds, and asked for once by many calls", async (t) => {
  const { database } = await withDatabase(t);
  const [dev] = await makeKeys(database);
  const races = raceDatabase(database);
  let nowMs = 0;
  const store = createEnvironmentStore(races.database, secrets, () => nowMs);
  const asked = races.hold("environments_find_by_key", "before");
  const askedAgain = races.hold("environments_find_by_key", "before");
  const calls = [store.findByKey(dev?.secretKey ?? ""), store.findByKey(dev?.secretKey ?? "")];
  await asked.reached;
  asked.release();
  for (const call of calls) assert.equal((await call)?.id, dev?.id);
  await database.query({ name: "test_revoke", text: "update api_key set revoked_at = now()", values: [] });
  nowMs = 29_000;
  assert.equal((await store.findByKey(dev?.secretKey ?? ""))?.id, dev?.id);
  nowMs = 31_000;
  const later = store.findByKey(dev?.secretKey ?? "");
  await askedAgain.reached;
  askedAgain.release();
  assert.equal(await later, null);
});
