import assert from "node:assert/strict";
import { test } from "node:test";
import { envvars, NotFoundError, queues, runs, tasks, wait } from "@trigger.dev/sdk";
import { untilStatus } from "../stage/engine.ts";
import { openForClient } from "./client.ts";

const often = { pollIntervalMs: 25 };

test("the published client manages what is around runs", async (t) => {
  const { api } = await openForClient(t);

  await t.test("wait tokens: made, completed by a call and by their address, timed out, listed", async () => {
    const token = await wait.createToken({ timeout: "10m", tags: ["u:1", "kind"], idempotencyKey: "i" });
    assert.match(token.id, /^waitpoint_/);
    assert.equal(token.isCached, false);
    const again = await wait.createToken({ idempotencyKey: "i", idempotencyKeyTTL: "1h" });
    assert.deepEqual([again.id, again.isCached], [token.id, true]);
    const waiting = await wait.retrieveToken(token);
    assert.deepEqual([waiting.status, waiting.tags, waiting.output], ["WAITING", ["u:1", "kind"], undefined]);
    assert.ok(waiting.timeoutAt instanceof Date && waiting.createdAt instanceof Date);

    const run = await tasks.trigger("waits-for-token", { id: token.id });
    await untilStatus(run, "WAITING");
    assert.deepEqual(await wait.completeToken(token, { status: "approved", at: new Date(0) }), { success: true });
    assert.deepEqual(await wait.completeToken(token, { status: "late" }), { success: true });
    assert.equal((await runs.poll(run, often)).status, "COMPLETED");
    const completed = await wait.retrieveToken<{ status: string }>(token.id);
    assert.deepEqual(completed.output, { status: "approved", at: "1970-01-01T00:00:00.000Z" });
    assert.equal(completed.status, "COMPLETED");

    const called = await wait.createToken({ tags: "u:2" });
    const answer = await fetch(called.url, { method: "POST", body: '{"by":"webhook"}' });
    assert.deepEqual(await answer.json(), { success: true });
    assert.deepEqual((await wait.retrieveToken(called)).output, { by: "webhook" });

    const late = await wait.createToken({ timeout: new Date(Date.now() + 50), tags: ["u:2"] });
    const asleep = await tasks.trigger("waits-for-token", { id: late.id });
    await runs.poll(asleep, often);
    const timedOut = await wait.retrieveToken(late);
    assert.equal(timedOut.status, "TIMED_OUT");
    assert.ok(timedOut.error instanceof Error);

    const idsOf = async (params: Parameters<typeof wait.listTokens>[0]) =>
      (await wait.listTokens(params)).data.map(({ id }) => id);
    assert.deepEqual(await idsOf({ tags: ["u:2"] }), [late.id, called.id]);
    assert.deepEqual(await idsOf({ status: ["TIMED_OUT"], period: "1h" }), [late.id]);
    assert.deepEqual(await idsOf({ idempotencyKey: "i", from: new Date(0) }), [token.id]);
    const all = [];
    for await (const { id } of wait.listTokens({ limit: 1 })) all.push(id);
    assert.deepEqual(all, [late.id, called.id, token.id]);
    await assert.rejects(wait.retrieveToken("waitpoint_00000000000000000000000000"), NotFoundError);
  });

  await t.test("queues: listed, read by name and id, paused, limited", async () => {
    const names = [];
    for await (const queue of await queues.list({ perPage: 10 })) names.push(queue.name);
    assert.ok(names.includes("pair") && names.includes("echo"));
    const pair = await queues.retrieve({ type: "custom", name: "pair" });
    assert.deepEqual([pair.type, pair.concurrencyLimit, pair.paused, pair.queued], ["custom", 2, false, 0]);
    assert.deepEqual(await queues.retrieve(pair.id), pair);
    assert.equal((await queues.pause({ type: "task", name: "echo" })).paused, true);
    const held = await tasks.trigger("echo", 1);
    assert.equal((await queues.retrieve({ type: "task", name: "echo" })).queued, 1);
    assert.equal((await queues.resume({ type: "task", name: "echo" })).paused, false);
    assert.equal((await runs.poll(held, often)).status, "COMPLETED");
    const limited = await queues.overrideConcurrencyLimit(pair.id, 7);
    assert.deepEqual([limited.concurrencyLimit, limited.concurrency?.base, limited.concurrency?.override], [7, 2, 7]);
    assert.ok(limited.concurrency?.overriddenAt instanceof Date);
    assert.equal((await queues.resetConcurrencyLimit(pair.id)).concurrencyLimit, 2);
    await tasks.trigger("echo", 1, { queue: "with/slash" });
    assert.equal((await queues.retrieve({ type: "custom", name: "with/slash" })).name, "with/slash");
    await assert.rejects(queues.retrieve({ type: "custom", name: "none" }), NotFoundError);
  });

  await t.test("bulk actions: by filter and by ids, followed, listed, aborted", async () => {
    const delayed = await tasks.batchTrigger(
      "echo",
      [1, 2, 3].map((payload) => ({ payload, options: { delay: "1h", tags: "bulk" } })),
    );
    const [first = "", ...others] = await runsOf(delayed.batchId);
    const byIds = await runs.bulk.cancel({ runIds: [first], name: "one" });
    assert.match(byIds.id, /^bulk_/);
    const done = await runs.bulk.poll(byIds.id, { pollIntervalMs: 25 });
    assert.deepEqual([done.name, done.type, done.status], ["one", "CANCEL", "COMPLETED"]);
    assert.deepEqual(done.counts, { total: 1, success: 1, failure: 0 });
    const rest = await runs.bulk.cancel({ filter: { tag: "bulk", status: ["DELAYED"] } });
    assert.equal((await runs.bulk.poll(rest.id, { pollIntervalMs: 25 })).counts.success, others.length);
    const again = await runs.bulk.replay({ filter: { tag: "bulk", taskIdentifier: "echo" } });
    assert.equal((await runs.bulk.poll(again.id, { pollIntervalMs: 25 })).counts.success, 3);
    assert.equal((await runs.list({ bulkAction: again.id })).data.length, 3);
    assert.equal((await runs.bulk.retrieve(again.id)).type, "REPLAY");
    assert.deepEqual(
      (await runs.bulk.list()).data.map(({ id }) => id),
      [again.id, rest.id, byIds.id],
    );
    assert.deepEqual(await runs.bulk.abort(again.id).catch((error: unknown) => errorStatus(error)), { id: again.id });
  });

  async function runsOf(batchId: string): Promise<readonly string[]> {
    const { body } = await api.call("GET", `/api/v2/batches/${batchId}`);
    return body.runs as readonly string[]; // the contract of this route
  }

  await t.test("environment variables", async () => {
    assert.deepEqual(await envvars.create("proj_x", "dev", { name: "URL", value: "https://a" }), { success: true });
    const variables = { URL: "https://b", TOKEN: "secret" };
    assert.deepEqual(await envvars.upload("proj_x", "dev", { variables, isSecret: true }), { success: true });
    assert.deepEqual(await envvars.list("proj_x", "dev"), [
      { name: "TOKEN", value: "<redacted>", isSecret: true },
      { name: "URL", value: "https://a", isSecret: false },
    ]);
    await envvars.upload("proj_x", "dev", { variables: { URL: "https://c" }, override: true });
    assert.equal((await envvars.retrieve("proj_x", "dev", "URL")).value, "https://c");
    assert.deepEqual(await envvars.del("proj_x", "dev", "URL"), { success: true });
    await assert.rejects(envvars.retrieve("proj_x", "dev", "URL"), NotFoundError);
  });

  await t.test("long payloads, which are sent ahead", async () => {
    const long = { text: "é".repeat(200_000), at: new Date(0) };
    const handle = await tasks.trigger("echo", long);
    const run = await runs.poll(handle, often);
    assert.deepEqual(run.output, { text: long.text, at: "1970-01-01T00:00:00.000Z" });
    assert.deepEqual(run.payload, run.output);
    const group = await tasks.batchTrigger("echo", [{ payload: long.text }, { payload: "short" }]);
    const [first = "", second = ""] = await runsOf(group.batchId);
    assert.equal((await runs.poll(first, often)).output, long.text);
    assert.equal((await runs.poll(second, often)).output, "short");
  });
});

function errorStatus(error: unknown): unknown {
  return error instanceof Error && "status" in error ? error.status : error;
}
