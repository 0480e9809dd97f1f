import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import type { Engine } from "../../engine/engine.ts";
import type { HostConnection } from "./host-connection.ts";
import { serveHost } from "./host-connection.ts";

const project = { projectId: "", projectRef: "", projectName: "" };
const environment = { id: "", slug: "dev", type: "DEVELOPMENT", ...project } as const;

/** A served connection and its peer; the peer answers pings by itself only when told to. */
async function connection(t: { after(end: () => void): void }, autoPong: boolean) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server's address
  const accepted = once(server, "connection");
  const peer = new WebSocket(`ws://127.0.0.1:${port}`, { autoPong });
  t.after(() => peer.terminate());
  const [socket] = (await accepted) as [WebSocket];
  await once(peer, "open");
  const engine = {} as Engine; // no message reaches it in these tests
  const served: HostConnection = serveHost(socket, {
    engine,
    environment,
    tokenAccess: () => ({ url: "", publicAccessToken: "" }),
    version: "1",
    reportBug: () => undefined,
  });
  return { served, peer, socket };
}

test("a silent peer that answers pings stays", async (t) => {
  const { served, peer, socket } = await connection(t, true);
  served.checkPeer();
  for (let i = 0; i < 8; i++) {
    const [pinged, ponged] = [once(peer, "ping"), once(socket, "pong")];
    served.checkPeer();
    await Promise.all([pinged, ponged]);
  }
  assert.equal(peer.readyState, WebSocket.OPEN);
});

test("a peer that leaves three pings unanswered is dropped", async (t) => {
  const { served, peer, socket } = await connection(t, false);
  const closed = once(peer, "close");
  served.checkPeer();
  for (let i = 0; i < 3; i++) served.checkPeer();
  assert.equal(socket.readyState, WebSocket.OPEN);
  served.checkPeer();
  assert.equal((await closed)[0], 1006);
});
