import assert from "node:assert/strict";
import { test } from "node:test";
import { Batcher } from "./batcher.ts";

interface Call {
  readonly items: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A batcher whose arrays end when the test says so. */
function held(maxInFlight = 1, maxItems = 10) {
  const calls: Call[] = [];
  const waiters: (() => void)[] = [];
  const batcher = new Batcher<string, string>({
    maxInFlight,
    maxItems,
    isItemError: (error) => error instanceof RangeError,
    run: (items) =>
      new Promise((resolve, reject) => {
        calls.push({ items, resolve: () => resolve(items.map((item) => `${item}!`)), reject });
        for (const waiter of waiters.splice(0)) waiter();
      }),
  });
  const call = async (index: number): Promise<Call> => {
    for (;;) {
      const found = calls[index];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiters.push(resolve));
    }
  };
  return { batcher, call, calls };
}

test("what comes in one turn goes together, and what comes meanwhile makes the next array", async () => {
  const { batcher, call, calls } = held();
  const first = [batcher.add("a"), batcher.add("b")];
  assert.deepEqual((await call(0)).items, ["a", "b"]);
  const second = [batcher.add("c"), batcher.add("d")];
  assert.equal(calls.length, 1);
  (await call(0)).resolve();
  assert.deepEqual(await Promise.all(first), ["a!", "b!"]);
  assert.deepEqual((await call(1)).items, ["c", "d"]);
  (await call(1)).resolve();
  assert.deepEqual(await Promise.all(second), ["c!", "d!"]);
});

test("an array is no longer than allowed", async () => {
  const { batcher, call } = held(2, 2);
  const results = ["a", "b", "c"].map((item) => batcher.add(item));
  assert.deepEqual((await call(0)).items, ["a", "b"]);
  assert.deepEqual((await call(1)).items, ["c"]);
  (await call(0)).resolve();
  (await call(1)).resolve();
  assert.deepEqual(await Promise.all(results), ["a!", "b!", "c!"]);
});

test("an array that takes too long lets the next one pass", async () => {
  const { batcher, call } = held();
  const slow = batcher.add("slow");
  await call(0);
  const quick = batcher.add("quick");
  assert.deepEqual((await call(1)).items, ["quick"]);
  (await call(1)).resolve();
  assert.equal(await quick, "quick!");
  (await call(0)).resolve();
  assert.equal(await slow, "slow!");
});

test("an array that fails by one item is split until that item stands alone", async () => {
  const ran: (readonly number[])[] = [];
  const batcher = new Batcher<number, number>({
    maxInFlight: 1,
    maxItems: 10,
    isItemError: (error) => error instanceof RangeError,
    async run(items) {
      ran.push(items);
      if (items.includes(3)) throw new RangeError("3 is refused");
      return items.map((item) => item * 10);
    },
  });
  const results = await Promise.allSettled([1, 2, 3, 4].map((item) => batcher.add(item)));
  assert.deepEqual(
    results.map((result) => (result.status === "fulfilled" ? result.value : String(result.reason))),
    [10, 20, "RangeError: 3 is refused", 40],
  );
  assert.deepEqual(ran, [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]);
});

test("items that are an array already go at once, beside what waits", async () => {
  const { batcher, call, calls } = held();
  const waiting = batcher.add("waiting");
  await call(0);
  const all = batcher.addAll(["a", "b"]);
  assert.deepEqual((await call(1)).items, ["a", "b"]);
  for (const one of calls) one.resolve();
  assert.deepEqual(await all, ["a!", "b!"]);
  assert.equal(await waiting, "waiting!");
  assert.deepEqual(await batcher.addAll([]), []);
});

test("an error that no item can be blamed for fails the whole array", async () => {
  const { batcher, call, calls } = held();
  const results = [batcher.add("a"), batcher.add("b")];
  (await call(0)).reject(new Error("no connection"));
  const settled = await Promise.allSettled(results);
  assert.deepEqual(
    settled.map((result) => result.status),
    ["rejected", "rejected"],
  );
  assert.equal(calls.length, 1);
});
