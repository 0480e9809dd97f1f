import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { storeOutput } from "./output-store.ts";

const result = {
  kind: "completed",
  runId: "run_1",
  fence: 1,
  durationMs: 1,
  output: "long",
  outputType: "text/plain",
} as const;

/** A server that answers one call after the other with these statuses. */
async function serverWith(t: TestContext, statuses: readonly number[]): Promise<{ url: string; calls(): number }> {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(statuses[calls++] ?? 500);
    response.end(JSON.stringify({ path: "outputs/run_1", error: "no" }));
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls };
}

test("is tried again where another try may get through", async (t) => {
  const server = await serverWith(t, [503, 429, 408, 200]);
  const stored = await storeOutput(server.url, "key", result);
  assert.deepEqual(stored, { ...result, output: "outputs/run_1", outputType: "application/store" });
  assert.equal(server.calls(), 4);
});

test("fails the run where the server refuses it", async (t) => {
  const server = await serverWith(t, [413]);
  const stored = await storeOutput(server.url, "key", result);
  assert.equal(stored.kind, "failed");
  assert.equal(server.calls(), 1);
});
