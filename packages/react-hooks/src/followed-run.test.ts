import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { AuthenticationError } from "@pawl/sdk/page";
import { FollowedRun, nothingSeen, type RunWithStreams } from "./followed-run.ts";

const row = {
  id: "0197",
  friendlyId: "run_1",
  taskIdentifier: "hello",
  status: "EXECUTING",
  createdAt: "2026-01-02T03:04:05.000",
  updatedAt: "2026-01-02T03:04:06.000",
  metadata: "{}",
  runTags: [],
  realtimeStreams: ["lines"],
};

const tokenIsOver = { status: 401, headers: { "x-should-retry": "false" }, body: { error: "Its time is over" } };
const shown = {
  status: 200,
  headers: { "electric-handle": "h", "electric-offset": "1_0", "electric-cursor": "c" },
  body: [{ key: "k", value: row, headers: { operation: "insert" } }, { headers: { control: "up-to-date" } }],
};

test("whoever loses the run lets go of its streams, which are read for as long as the run goes on", async (t) => {
  const opened = Promise.withResolvers<IncomingMessage>();
  let looks = 0;
  const server = createServer((request, response) => {
    if (request.url?.includes("/streams/")) return openStream(request, response, opened.resolve);
    const answer = async () => {
      if (++looks > 1) await opened.promise;
      const { status, headers, body } = looks > 1 ? tokenIsOver : shown;
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    };
    void answer();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let state: RunWithStreams = nothingSeen;
  const run = new FollowedRun("run_1", (make) => (state = make()), nothingSeen);
  const { signal } = new AbortController();
  const settings = { stopOnCompletion: true, skipColumns: [], clientConfig: { accessToken: "t", baseURL }, signal };
  const stream = opened.promise;
  const closed = stream.then(({ socket }) => once(socket, "close"));
  await assert.rejects(
    run.follow(settings, () => undefined),
    AuthenticationError,
  );
  await closed;
  assert.equal((await stream).headers["timeout-seconds"], undefined, "a run may think for longer than a minute");
  assert.deepEqual(state.streams, { lines: ["a"] });
});

function openStream(request: IncomingMessage, response: ServerResponse, opened: (one: IncomingMessage) => void): void {
  const records = [{ seq_num: 0, timestamp: 1, body: '{"data":"a"}' }];
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(`event: batch\ndata: ${JSON.stringify({ records })}\n\n`, () => opened(request));
}
