import assert from "node:assert/strict";
import { test } from "node:test";
import { createCache, InMemoryCache } from "./cache.ts";

test("a value is made once, also for those who ask at the same time", async () => {
  const store = new InMemoryCache();
  const cache = createCache(store);
  let made = 0;
  const make = async () => ++made;
  assert.deepEqual(await Promise.all([cache("a", make), cache("a", make), cache("b", make)]), [1, 1, 2]);
  assert.equal(await cache("a", make), 1);
  store.delete("a");
  assert.equal(await cache("a", make), 3);
});

test("what fails is not kept", async () => {
  const cache = createCache(new InMemoryCache());
  await assert.rejects(
    cache("a", () => Promise.reject(new RangeError("no"))),
    RangeError,
  );
  assert.equal(await cache("a", () => null), null);
  assert.equal(await cache("a", () => 5), null, "null is a value");
});
