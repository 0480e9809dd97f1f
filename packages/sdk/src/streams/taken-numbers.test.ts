import assert from "node:assert/strict";
import { test } from "node:test";
import { TakenNumbers } from "./taken-numbers.ts";

test("who asks gets the lowest number that nobody has", () => {
  const numbers = new TakenNumbers();
  assert.deepEqual([numbers.takeNext(), numbers.takeNext(), numbers.takeNext()], [0, 1, 2]);
  numbers.giveBack(1);
  assert.equal(numbers.next, 1);
  numbers.settle(0);
  assert.deepEqual([numbers.takeNext(), numbers.takeNext()], [1, 3]);
});

test("what has come to somebody is not given back", () => {
  const numbers = new TakenNumbers();
  const [first, second] = [numbers.takeNext(), numbers.takeNext()];
  numbers.settle(second);
  numbers.settle(first);
  numbers.giveBack(first);
  numbers.giveBack(second);
  assert.equal(numbers.next, 2);
  numbers.settle(2); // nobody in particular had asked
  assert.deepEqual([numbers.has(2), numbers.next], [true, 3]);
});
