import assert from "node:assert/strict";
import { test } from "node:test";
import { startProtocolServer } from "../fixtures/protocol-server.ts";
import { sendWithFetch } from "./fetch-transport.ts";
import { TransportError } from "./transport.ts";

test("gives the whole answer, whatever its status", async () => {
  const server = await startProtocolServer(({ body, path }) => ({
    status: 404,
    headers: { "X-A": "1" },
    body: { body, path },
  }));
  const request = { baseUrl: server.url, path: "/a?b=c", method: "POST", headers: {}, body: "é" } as const;
  const answer = await sendWithFetch(request);
  assert.deepEqual([answer.status, answer.headers["x-a"]], [404, "1"]);
  assert.deepEqual(JSON.parse(answer.text), { body: "é", path: "/a?b=c" });
  await server.close();
  const error = await sendWithFetch(request).catch((error: unknown) => error);
  assert.ok(error instanceof TransportError && error.isRefused);
  assert.match(error.message, /ECONNREFUSED/);
  assert.match(error.message, /Start the server, as with "pawl dev"/);
});
