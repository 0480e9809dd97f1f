import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { streams, task } from "@pawl/sdk";
import { openTestKit, type TestKit } from "./index.ts";

const text = streams.define<string>({ id: "text" });
const approval = streams.input<{ ok: boolean }>({ id: "approval" });

let kit: TestKit;
beforeEach(async () => {
  kit = await openTestKit();
});
afterEach(() => kit.close());

describe("what a run writes", () => {
  test("is in run.streams, by pipe, append and writer", async () => {
    const writes = task({
      id: "stream.write",
      run: async () => {
        await text.pipe(words("a", "b")).waitUntilComplete();
        await streams.append("steps", { n: 1 });
        await streams.append("bare");
        streams.writer<number>("numbers", { execute: ({ write }) => [1, 2].forEach(write) }); // is over before the run is
      },
    });
    const run = await kit.run(writes);
    assert.deepEqual(run.streams, { text: ["a", "b"], steps: [{ n: 1 }], default: ["bare"], numbers: [1, 2] });
  });

  test("goes to its parent", async () => {
    const child = task({ id: "stream.child", run: () => streams.append("steps", "deep", { target: "root" }) });
    const parent = task({ id: "stream.parent", run: () => child.triggerAndWait().unwrap() });
    assert.deepEqual((await kit.run(parent)).streams, { steps: ["deep"] });
  });

  test("is read while it goes on, also from a place on", async () => {
    const slow = task({
      id: "stream.slow",
      run: async () => {
        await text.append("first");
        await approval.once();
        await text.append("second");
      },
    });
    const { run, untilEnded } = await kit.start(slow);
    const read: string[] = [];
    for await (const chunk of await text.read(run.id)) {
      read.push(chunk);
      if (chunk === "first") await approval.send(run.id, { ok: true });
    }
    assert.deepEqual(read, ["first", "second"]);
    await untilEnded();
    for await (const chunk of await text.read(run.id, { startIndex: 1 })) read.push(chunk);
    assert.deepEqual(read, ["first", "second", "second"]);
  });
});

describe("what is sent to a run", () => {
  test("ends its waits, one record each, and a wait without one times out", async () => {
    const waits = task({
      id: "input.wait",
      run: async () => {
        const [first, second] = [await approval.wait({ timeout: "1h" }), await approval.wait({ timeout: "1h" })];
        return [first.ok && first.output, second.ok];
      },
    });
    const started = await kit.start(waits);
    await started.untilWaiting();
    await approval.send(started.run.id, { ok: true });
    assert.deepEqual((await started.untilEnded()).output, [{ ok: true }, false]);
  });

  test("is what a run is said to wait for", async () => {
    const forEver = task({ id: "input.forever", run: () => approval.wait() });
    await assert.rejects(kit.run(forEver), /run_1 of input\.forever waits for the input stream approval/);
  });

  test("comes to handlers and to once", async () => {
    const seen: unknown[] = [];
    const takes = task({
      id: "input.once",
      run: async () => {
        approval.on((data) => void seen.push(data));
        return approval.once().unwrap();
      },
    });
    const started = await kit.start(takes);
    await approval.send(started.run.id, { ok: true });
    assert.deepEqual((await started.untilEnded()).output, { ok: true });
    assert.deepEqual(seen, [{ ok: true }]);
  });
});

test("an input stream that can't be read fails who waits for a record of it", { timeout: 10_000 }, async () => {
  kit.answer("GET /realtime/v1/streams/:id/input/:key", () => {
    throw new Error("no such stream");
  });
  const takes = task({ id: "input.refused", retry: { maxAttempts: 1 }, run: () => approval.once().unwrap() });
  const run = await kit.run(takes);
  assert.match(run.error?.message ?? run.status, /no such stream/);
});

async function* words(...given: readonly string[]): AsyncGenerator<string> {
  yield* given;
}
