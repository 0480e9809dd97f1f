import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { withDatabase } from "@pawl/testkit";
import { createBatchStore } from "./batches.ts";

test("the same request key gives the same batch, also at the same time", async (t) => {
  const { database, environment } = await withDatabase(t);
  const store = createBatchStore(database);
  const create = (requestKey: string | null) =>
    store.create({ environmentId: environment.id, id: newUuid(), runCount: 2, requestKey });
  const [first, second] = await Promise.all([create("key"), create("key")]);
  assert.equal(first.id, second.id);
  assert.notEqual(first.isFound, second.isFound);
  assert.equal((await create(null)).isFound, false);
  assert.equal((await create(null)).isFound, false);
});

test("a batch tells how many runs it wants, and is sealed once", async (t) => {
  const { database, environment } = await withDatabase(t, { except: ["A sealed batch is complete"] });
  const store = createBatchStore(database);
  const id = newUuid();
  assert.equal(await store.find(environment.id, id), null);
  await store.create({ environmentId: environment.id, id, runCount: 2, requestKey: null });
  assert.deepEqual(await store.find(environment.id, id), { runCount: 2, indexes: new Set() });
  await store.seal(environment.id, id);
  const sealed = () => database.query({ name: "test_sealed", text: "select sealed_at from batch", values: [] });
  const before = await sealed();
  await store.seal(environment.id, id);
  assert.deepEqual(await sealed(), before);
});
