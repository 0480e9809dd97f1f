import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ApiClient } from "@trigger.dev/core/v3";
import { StandardInputStreamManager, StandardRealtimeStreamsManager } from "@trigger.dev/core/v3/workers";
import { auth, runs, streams, tasks, wait } from "@trigger.dev/sdk";
import { untilStatus } from "../stage/engine.ts";
import { killServer } from "../stage/platform.ts";
import { openForClient } from "./client.ts";

const words = (count: number) => Array.from({ length: count }, (_, index) => `word ${index}`);

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) values.push(value);
  return values;
}

const approval = streams.input<{ approved: boolean }>({ id: "approval" });
const tokens = streams.define<string>({ id: "tokens" });

test("the published client reads and writes streams", async (t) => {
  const engine = await openForClient(t);
  const { apiUrl, secretKey } = engine.server;
  const client = new ApiClient(apiUrl, secretKey);
  const writer = () => new StandardRealtimeStreamsManager(client, apiUrl);
  const delayed = () => tasks.trigger("echo", 1, { delay: "1h" });

  await t.test("what a run gives, as it comes, from a place, and with a token for pages", async () => {
    const gate = engine.gate("middle");
    const handle = await tasks.trigger("pipes-words", { count: 20, gate });
    const read: string[] = [];
    for await (const word of await tokens.read(handle.id)) {
      read.push(word);
      if (read.length === 10) await engine.open("middle");
    }
    assert.deepEqual(read, words(20));
    assert.deepEqual(await all(await streams.read(handle.id, "tokens", { startIndex: 18 })), words(20).slice(18));
    await auth.withAuth({ accessToken: handle.publicAccessToken }, async () => {
      assert.deepEqual(await all(await tokens.read(handle.id)), words(20));
    });
  });

  await t.test("a run followed with its streams", async () => {
    const handle = await tasks.trigger("pipes-words", { count: 20 });
    const chunks: string[] = [];
    for await (const news of runs.subscribeToRun(handle.id).withStreams<{ tokens: string }>()) {
      if (news.type === "tokens") chunks.push(news.chunk);
      if (chunks.length === 20) break;
    }
    assert.deepEqual(chunks, words(20));
  });

  await t.test("from now on alone", async () => {
    const handle = await delayed();
    const writing = writer();
    await writing.append("tokens", "before", { target: handle.id });
    const reading = all(await tokens.read(handle.id, { from: "latest", timeoutInSeconds: 1 }));
    let isRead = false;
    void reading.finally(() => {
      isRead = true;
    });
    for (let n = 0; !isRead && n < 20; n++) {
      await writing.append("tokens", `${n}`, { target: handle.id });
      await delay(50); // its connection is open by one of them
    }
    const read = await reading;
    assert.ok(read.length > 0 && !read.includes("before"), read.join());
    assert.equal(read.at(-1), "19");
    await runs.cancel(handle.id);
  });

  await t.test("pipe and append, through its own managers of a worker", async () => {
    const handle = await delayed();
    const writing = writer();
    const piped = writing.pipe("objects", ReadableStream.from([{ n: 1 }, null, "text", [2]]), { target: handle.id });
    assert.deepEqual(await all(piped.stream), [{ n: 1 }, null, "text", [2]]);
    await piped.wait();
    await writing.append("objects", '{"not":"parsed"}', { target: handle.id });
    await runs.cancel(handle.id);
    assert.deepEqual(await all(await streams.read(handle.id, "objects")), [
      { n: 1 },
      null,
      "text",
      [2],
      '{"not":"parsed"}',
    ]);
    await assert.rejects(writing.append("objects", "late", { target: handle.id }), { status: 400 });
  });

  await t.test("records that are sent to a run that waits for them", async () => {
    const handle = await tasks.trigger("waits-for-input", {});
    await untilStatus(handle, "WAITING");
    await approval.send(handle.id, { approved: true });
    assert.deepEqual((await runs.poll(handle)).output, [{ approved: true }]);
    await assert.rejects(approval.send(handle.id, { approved: true }), { status: 400 });
    const other = await tasks.trigger("waits-for-input", {});
    await auth.withAuth({ accessToken: other.publicAccessToken }, () => approval.send(other.id, { approved: false }));
    assert.deepEqual((await runs.poll(other)).output, [{ approved: false }]);
  });

  await t.test("records that a worker hears, takes, and waits for", async () => {
    const handle = await delayed();
    const input = new StandardInputStreamManager(client, apiUrl);
    input.setRunId(handle.id, "v2");
    await approval.send(handle.id, { approved: false });
    assert.deepEqual(await input.once("approval"), { ok: true, output: { approved: false } });
    const heard: unknown[] = [];
    const { off } = input.on("approval", (data) => void heard.push(data));
    const next = input.once("approval");
    await approval.send(handle.id, { approved: true });
    assert.deepEqual(await next.unwrap(), { approved: true });
    assert.deepEqual(heard, [{ approved: true }]);
    off();
    const lastSeqNum = input.lastSeqNum("approval");
    assert.equal(lastSeqNum, 1);
    input.disconnectStream("approval");
    const body = { streamId: "approval", timeout: "1h", ...(lastSeqNum === undefined ? {} : { lastSeqNum }) };
    const { waitpointId } = await client.createInputStreamWaitpoint(handle.id, body);
    assert.equal((await wait.retrieveToken(waitpointId)).status, "WAITING");
    await approval.send(handle.id, { approved: true });
    const token = await wait.retrieveToken<{ approved: boolean }>(waitpointId);
    assert.deepEqual([token.status, token.output], ["COMPLETED", { approved: true }]);
    input.disconnect();
    input.reset();
    await runs.cancel(handle.id);
  });

  await t.test("nothing is missed and nothing comes twice over a restart, on either side", async () => {
    const handle = await delayed();
    const source = async function* () {
      for (let n = 0; n < 200; n++) {
        await delay(10);
        yield n;
      }
    };
    const piped = writer().pipe("numbers", source(), { target: handle.id });
    const seen: number[] = [];
    let restart: Promise<unknown> | null = null;
    for await (const n of await streams.read<number>(handle.id, "numbers")) {
      seen.push(n);
      if (n === 50) restart = killServer(engine.stage, engine.server).then((start) => start());
      if (n === 199) break;
    }
    await piped.wait();
    await restart;
    assert.deepEqual(
      seen,
      Array.from({ length: 200 }, (_, n) => n),
    );
    await runs.cancel(handle.id);
  });
});
