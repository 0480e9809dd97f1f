import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { Link } from "./link.ts";

interface Message {
  readonly kind: string;
  readonly body: number;
}

/** Two links, and a way to join them by a new pair of sockets. */
async function linkPair() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address !== "string" ? address.port : 0;
  const received: { a: number[]; b: number[] } = { a: [], b: [] };
  let changed = () => {};
  const a = new Link<Message, Message>(({ body }) => {
    received.a.push(body);
    changed();
  });
  const b = new Link<Message, Message>(({ body }) => {
    received.b.push(body);
    changed();
  });
  const attach = (link: Link<Message, Message>, socket: Socket, peerReceived: number) => {
    const reader = link.reader();
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => reader.push(text));
    socket.on("error", () => {});
    socket.on("close", () => link.detach(socket));
    link.attach(socket, peerReceived);
  };
  return {
    a,
    b,
    received,
    async join(): Promise<Socket> {
      const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
      const near = connect(port, "127.0.0.1");
      const far = await accepted;
      attach(a, near, b.received);
      attach(b, far, a.received);
      return near;
    },
    async until(isMet: () => boolean): Promise<void> {
      while (!isMet()) await new Promise<void>((resolve) => (changed = resolve));
    },
    close: () => server.close(),
  };
}

test("messages arrive once and in order, over any number of broken sockets", async () => {
  const pair = await linkPair();
  const count = 2_000;
  let socket = await pair.join();
  for (let n = 1; n <= count; n++) {
    pair.a.post({ kind: "n", body: n });
    pair.b.send({ kind: "n", body: -n });
    if (n % 100 !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resetAndDestroy();
    await closed;
    socket = await pair.join();
  }
  await pair.until(() => pair.received.a.length >= count && pair.received.b.length >= count);
  const expected = Array.from({ length: count }, (_, index) => index + 1);
  assert.deepEqual(pair.received.b, expected);
  assert.deepEqual(
    pair.received.a,
    expected.map((n) => -n),
  );
  socket.destroy();
  pair.close();
});

test("what the other side has seen is not kept", async () => {
  const pair = await linkPair();
  const socket = await pair.join();
  for (let n = 1; n <= 64; n++) pair.a.send({ kind: "n", body: n });
  await pair.until(() => pair.received.b.length === 64);
  pair.b.send({ kind: "n", body: 0 });
  await pair.until(() => pair.received.a.length === 1);
  assert.equal(pair.a.backlogLength, 0);
  socket.destroy();
  pair.close();
});

test("who subscribes to its moments is told of each message once it is sent and once it is received", async () => {
  const told: unknown[] = [];
  const tell = (message: unknown, channel: string | symbol) => void told.push([channel, message]);
  for (const channel of ["pawl.line_sent", "pawl.line_received"]) subscribe(channel, tell);
  const pair = await linkPair();
  const socket = await pair.join();
  pair.a.send({ kind: "n", body: 1 });
  await pair.until(() => pair.received.b.length === 1);
  for (const channel of ["pawl.line_sent", "pawl.line_received"]) unsubscribe(channel, tell);
  assert.deepEqual(told, [
    ["pawl.line_sent", { kind: "n", body: 1 }],
    ["pawl.line_received", { kind: "n", body: 1 }],
  ]);
  socket.destroy();
  pair.close();
});
