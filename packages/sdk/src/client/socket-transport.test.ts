import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import net, { type Socket } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startProtocolServer } from "../fixtures/protocol-server.ts";
import { createSocketTransport } from "./socket-transport.ts";
import { type OutgoingRequest, TransportError } from "./transport.ts";

function get(baseUrl: string, path = "/"): OutgoingRequest {
  return { baseUrl, path, method: "GET", headers: {} };
}

test("sends method, path, headers and body, and keeps the connection", async (t) => {
  const sockets = new Set<unknown>();
  const server = await startProtocolServer(({ body, path }) => ({
    body: { body, path },
    headers: { "X-Answer": "1" },
  }));
  server.server.on("connection", (socket) => sockets.add(socket));
  t.after(() => server.close());
  const send = createSocketTransport(net);
  for (const body of ["{}", "ünï→", "x".repeat(1_000_000), undefined]) {
    const request = {
      baseUrl: `${server.url}/base`,
      path: "/a?b=c",
      method: "POST",
      headers: { "x-a": "1" },
      body,
    } as const;
    const answer = await send(request);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["x-answer"], "1");
    assert.deepEqual(JSON.parse(answer.text), { body: body ?? "", path: "/base/a?b=c" });
  }
  assert.equal(server.requests[0]?.headers["x-a"], "1");
  assert.equal(sockets.size, 1);
});

test("opens at most 64 sockets, and answers everyone", async (t) => {
  let openCount = 0;
  const server = await startProtocolServer(({ path }) => ({ body: path }));
  server.server.on("connection", () => {
    openCount += 1;
  });
  t.after(() => server.close());
  const send = createSocketTransport(net);
  const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => send(get(server.url, `/${i}`))));
  assert.deepEqual(
    answers.map((answer) => answer.text),
    Array.from({ length: 500 }, (_, i) => `/${i}`),
  );
  assert.ok(openCount <= 64, `${openCount} sockets`);
});

test("a request that meets a connection just closed by the server goes out again", async (t) => {
  const server = await startProtocolServer((_request, index) => (index === 1 ? "hang up" : { body: { index } }));
  t.after(() => server.close());
  const send = createSocketTransport(net);
  assert.equal((await send(get(server.url))).text, '{"index":0}');
  assert.equal((await send(get(server.url))).text, '{"index":2}');
});

test("a first request that is not answered fails, as does one whose answer is cut", async (t) => {
  const hangUp = await startProtocolServer(() => "hang up");
  const cut = net.createServer((socket: Socket) =>
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")),
  );
  await new Promise<void>((resolve) => cut.listen(0, "127.0.0.1", resolve));
  t.after(() => Promise.all([hangUp.close(), cut.close()]));
  const send = createSocketTransport(net);
  await assert.rejects(send(get(hangUp.url)), TransportError);
  const address = cut.address();
  assert.ok(typeof address === "object" && address !== null);
  await assert.rejects(send(get(`http://127.0.0.1:${address.port}`)), TransportError);
});

test("tells that nobody listens, to everyone who waits", async () => {
  const server = await startProtocolServer(() => ({}));
  await server.close();
  const send = createSocketTransport(net);
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => send(get(server.url))));
  for (const outcome of outcomes) {
    assert.ok(outcome.status === "rejected" && outcome.reason instanceof TransportError && outcome.reason.isRefused);
  }
});

test("an idle connection does not keep a finished script alive", async (t) => {
  const server = await startProtocolServer(() => ({ body: "done" }));
  t.after(() => server.close());
  const module = fileURLToPath(new URL("./send.ts", import.meta.url));
  const script = `import { send } from ${JSON.stringify(module)};
    console.log((await send({ baseUrl: "${server.url}", path: "/", method: "GET", headers: {} })).text);`;
  const args = ["--conditions=@pawl/source", "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  assert.equal(stdout, "done\n");
});
