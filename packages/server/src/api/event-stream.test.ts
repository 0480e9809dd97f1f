import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { StreamNews } from "../realtime/streams.ts";
import { sendEvents } from "./event-stream.ts";

test("a reader who is slower than its stream is waited for, and nothing of that stays behind", async (t) => {
  let mostListeners = 0;
  async function* news(response: ServerResponse): AsyncGenerator<StreamNews> {
    for (let seq = 0; seq < 40; seq++) {
      yield [{ seq, at: new Date(), data: JSON.stringify("x".repeat(256 * 1024)) }];
      mostListeners = Math.max(mostListeners, response.listenerCount("close"));
    }
  }
  const server = createServer((_request, response) => void sendEvents(response, news(response), "v2", null));
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo; // of a server that listens at a port
  const text = await (await fetch(`http://127.0.0.1:${port}`)).text();
  assert.equal(text.match(/event: batch/g)?.length, 40);
  assert.ok(mostListeners < 4, `${mostListeners} listeners`);
});
