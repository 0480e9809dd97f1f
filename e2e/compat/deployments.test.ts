import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiClient } from "@trigger.dev/core/v3";
import { auth, deployments, idempotencyKeys, queues, runs, tasks } from "@trigger.dev/sdk";
import { openForClient } from "./client.ts";

test("the published client reads deployments and packets of runs, and public tokens read queues and free keys", async (t) => {
  const { server } = await openForClient(t);
  const handle = await tasks.trigger("echo", { at: new Date(0) }, { idempotencyKey: "held", tags: "mine" });
  const run = await runs.poll(handle, { pollIntervalMs: 25 });

  await t.test("deployments: the current one is the version that runs execute", async () => {
    const current = await deployments.retrieveCurrent();
    assert.deepEqual([current.version, current.status], [run.version, "DEPLOYED"]);
    assert.ok(current.createdAt instanceof Date && current.deployedAt instanceof Date);
    const ids = [];
    for await (const { id } of deployments.list({ status: "DEPLOYED", period: "1d", limit: 1 })) ids.push(id);
    assert.deepEqual(ids, [current.id]);
    assert.deepEqual((await deployments.list({ status: "FAILED" })).data, []);
  });

  await t.test("payload and output of a run, at addresses", async () => {
    const client = new ApiClient(server.apiUrl, await auth.createPublicToken({ scopes: { read: { tags: "mine" } } }));
    for (const packet of ["payload", "output"] as const) {
      const { presignedUrl } = await client.getRunPacketUrl(run.id, packet, "unused");
      const answer = await fetch(presignedUrl);
      assert.equal(answer.headers.get("content-type"), "application/super+json");
      assert.deepEqual(((await answer.json()) as { json: unknown }).json, { at: "1970-01-01T00:00:00.000Z" });
    }
  });

  await t.test("public tokens: a queue, and an idempotency key", async () => {
    const { token } = await new ApiClient(server.apiUrl, server.secretKey).createPublicToken({
      scopes: ["read:queues:echo", "write:tasks:echo"],
    });
    const as = <T>(call: () => PromiseLike<T>) => auth.withAuth({ accessToken: token }, async () => call());
    assert.equal((await as(() => queues.retrieve({ type: "task", name: "echo" }))).name, "echo");
    await assert.rejects(as(() => queues.retrieve({ type: "custom", name: "pair" })));
    await as(() => idempotencyKeys.reset("echo", "held", { scope: "global" }));
    assert.notEqual((await tasks.trigger("echo", 1, { idempotencyKey: "held" })).id, handle.id);
  });
});
