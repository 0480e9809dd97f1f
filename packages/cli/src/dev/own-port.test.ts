import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { chooseOwnPort } from "./own-port.ts";

const host = "127.0.0.1";

test("the default port gives way to a free one when it is taken; a port that was asked for does not", async () => {
  const other = createServer();
  await once(other.listen(0, host), "listening");
  const address = other.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  const pid = process.platform === "linux" ? { pid: process.pid } : {};
  assert.deepEqual(await chooseOwnPort(null, host, port), { port: 0, taken: { port, ...pid } });
  assert.deepEqual(await chooseOwnPort(port, host, port), { port });
  await new Promise((closed) => other.close(closed));
  assert.deepEqual(await chooseOwnPort(null, host, port), { port });
});
