import assert from "node:assert/strict";
import { test } from "node:test";
import { Followed, type Plan, type Show } from "./source.ts";

/** A plan that a test drives by hand. */
function driven(key: string, throttleMs = 0) {
  const starts: { readonly show: Show<number>; readonly signal: AbortSignal; readonly shown: number }[] = [];
  let end: (error?: Error) => void = () => undefined;
  const plan: Plan<number> = {
    key,
    throttleMs,
    follow: (show, signal, shown) => {
      starts.push({ show, signal, shown });
      return new Promise((resolve, reject) => {
        end = (error) => (error === undefined ? resolve() : reject(error));
      });
    },
  };
  const last = () => starts.at(-1) ?? assert.fail("nothing was followed");
  return { plan, starts, last, end: (error?: Error) => end(error) };
}

const nothing = () => undefined;
const aTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("those with the same key follow one source, which ends with the last of them", async () => {
  const { plan, starts, last } = driven("shared");
  const [one, other] = [new Followed(plan, 0), new Followed(plan, 0)];
  const leave = [one.subscribe(nothing), other.subscribe(nothing)];
  last().show(() => 1);
  assert.deepEqual([one.snapshot().value, other.snapshot().value, starts.length], [1, 1, 1]);
  leave[0]?.();
  await aTurn();
  assert.equal(last().signal.aborted, false);
  leave[1]?.();
  await aTurn();
  assert.equal(last().signal.aborted, true);
  assert.equal(one.snapshot().value, 1);
});

test("who leaves and comes back in the same turn interrupts nothing", async () => {
  const { plan, starts, last } = driven("strict");
  const followed = new Followed(plan, 0);
  followed.subscribe(nothing)();
  const leave = followed.subscribe(nothing);
  await aTurn();
  assert.deepEqual([starts.length, last().signal.aborted], [1, false]);
  leave();
  await aTurn();
  const again = followed.subscribe(nothing);
  assert.equal(starts.length, 2);
  again();
});

test("it goes on with what was shown, for who comes back later", async () => {
  const { plan, last } = driven("later");
  const followed = new Followed(plan, 0);
  const leave = followed.subscribe(nothing);
  last().show(() => 7);
  leave();
  await aTurn();
  const again = followed.subscribe(nothing);
  assert.deepEqual([last().shown, followed.snapshot().value], [7, 7]);
  again();
});

test("an error is shown beside the last value, and joined by nobody", async () => {
  const { plan, starts, last, end } = driven("refused");
  const followed = new Followed(plan, 0);
  let updates = 0;
  const leave = followed.subscribe(() => updates++);
  last().show(() => 1);
  end(new Error("no"));
  await aTurn();
  assert.deepEqual([followed.snapshot().value, followed.snapshot().error?.message, updates], [1, "no", 2]);
  const newcomer = new Followed(plan, 0);
  const leaveToo = newcomer.subscribe(nothing);
  assert.deepEqual([newcomer.snapshot().error, starts.length], [undefined, 2]);
  leave();
  leaveToo();
});

test("updates that come close together are one, and the last one is shown", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { plan, last, end } = driven("throttled", 1_000);
  const followed = new Followed(plan, 0);
  const seen: number[] = [];
  const leave = followed.subscribe(() => seen.push(followed.snapshot().value));
  for (const value of [1, 2, 3]) last().show(() => value);
  assert.deepEqual(seen, [1]);
  t.mock.timers.tick(1_000);
  assert.deepEqual(seen, [1, 3]);
  last().show(() => 4);
  end();
  await aTurn();
  assert.deepEqual(seen, [1, 3, 4]);
  leave();
});

test("without a plan nothing is followed", () => {
  const followed = new Followed<number>(null, 5);
  followed.subscribe(() => assert.fail("nothing changes"))();
  assert.equal(followed.snapshot().value, 5);
});
