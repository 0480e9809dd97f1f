import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { configure } from "../client/client-settings.ts";
import { RunContextError } from "../errors/task-error.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { type ProtocolServer, startProtocolServer } from "../fixtures/protocol-server.ts";
import { metadata, runs, TriggerClient } from "../index.ts";
import { runtime } from "../runtime.ts";

// The names that streams had before `streams` was there.

let server: ProtocolServer;
/** The runs to whose streams something was sent. */
let written: Set<string>;
let threeAreWritten: Promise<void>;

beforeEach(async () => {
  const records = [{ seq_num: 0, timestamp: 1_000, body: '{"data":"chunk","id":"0"}' }];
  written = new Set();
  const three = Promise.withResolvers<void>();
  threeAreWritten = three.promise;
  server = await startProtocolServer(({ method, path }) => {
    if (method === "GET") {
      const headers = { "content-type": "text/event-stream" };
      return { headers, body: `event: batch\ndata: ${JSON.stringify({ records })}\n\n` };
    }
    if (written.add(path.split("/")[4] ?? "").size === 3) three.resolve();
    return { body: { ok: true, lastEventId: "0" } };
  });
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
});

afterEach(async () => {
  runtime().context = null;
  await server.close();
});

async function first<T>(stream: AsyncIterable<T>): Promise<T | undefined> {
  for await (const value of stream) return value;
  return undefined;
}

test("runs.fetchStream reads a stream of a run, that of a client too", async () => {
  assert.equal(await first(await runs.fetchStream<string>("run_1", "tokens")), "chunk");
  configure({});
  const client = new TriggerClient({ accessToken: "tr_dev_key", baseURL: server.url });
  assert.equal(await first(await client.runs.fetchStream("run_1", "tokens", { startIndex: 0 })), "chunk");
  for (const { path } of server.requests) assert.match(path, /^\/realtime\/v1\/streams\/run_1\/tokens/);
});

test("metadata.stream sends to the run, its parent or the first above, and gives the chunks", async () => {
  const facts = { parentRunId: "run_above", rootRunId: "run_first" };
  await fakeRun({}, facts).execute(async () => {
    for (const updater of [metadata, metadata.parent, metadata.root]) {
      assert.equal(await first(await updater.stream("tokens", ReadableStream.from(["a"]))), "a");
    }
    await threeAreWritten;
    assert.deepEqual([...written].sort(), ["run_above", "run_first", "run_parent"]);
    assert.equal(await first(await metadata.fetchStream<string>("tokens")), "chunk");
    assert.match(server.requests.at(-1)?.path ?? "", /^\/realtime\/v1\/streams\/run_parent\/tokens/);
  });
});

test("metadata.stream can be ended, and neither call has a run outside of one", async () => {
  await fakeRun({}).execute(async () => {
    assert.equal(
      await first(await metadata.stream("tokens", ReadableStream.from(["a"]), AbortSignal.abort())),
      undefined,
    );
  });
  runtime().context = null;
  await assert.rejects(metadata.stream("tokens", ReadableStream.from(["a"])), RunContextError);
  await assert.rejects(metadata.fetchStream("tokens"), RunContextError);
});
