import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ApiError,
  AuthenticationError,
  auth,
  BadRequestError,
  batch,
  concurrencyLimits,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  runs,
  TriggerClient,
  tasks,
  UnprocessableEntityError,
} from "@trigger.dev/sdk";
import { openForClient } from "./client.ts";
import { startFailingProxy } from "./failing-proxy.ts";

const soon = { retry: { minTimeoutInMs: 5, maxTimeoutInMs: 20, maxAttempts: 4 } };

test("the published client is refused, tries again, and makes tokens that do what they say", async (t) => {
  const { server } = await openForClient(t, { worker: null });
  const proxy = await startFailingProxy(t, server.apiUrl);
  const client = new TriggerClient({ baseURL: proxy.url, accessToken: server.secretKey, requestOptions: soon });

  /** Runs a call that fails, and gives back its error and how many requests it took. */
  async function failure(call: () => PromiseLike<unknown>): Promise<ApiError & { requests: number }> {
    proxy.decide(() => "forward");
    const error = await Promise.resolve(call()).then(
      () => assert.fail("it went well"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ApiError, String(error));
    return Object.assign(error, { requests: proxy.count() });
  }

  await t.test("a key that is none, and what is not there", async () => {
    const stranger = new TriggerClient({ baseURL: proxy.url, accessToken: "tr_dev_none", requestOptions: soon });
    const unknownKey = await failure(() => stranger.runs.list({}));
    assert.ok(unknownKey instanceof AuthenticationError);
    assert.match(unknownKey.message, /No environment has this secret key/);
    const noRun = await failure(() => client.runs.retrieve("run_00000000000000000000000000"));
    assert.ok(noRun instanceof NotFoundError);
    assert.match(noRun.message, /There is no run run_00000000000000000000000000/);
    assert.deepEqual([unknownKey.requests, noRun.requests], [1, 1]);
  });

  await t.test("a route that the server does not have, once", async () => {
    process.env.TRIGGER_API_URL = proxy.url;
    const missing = await failure(() => concurrencyLimits.list(undefined, soon));
    process.env.TRIGGER_API_URL = server.apiUrl;
    assert.ok(missing instanceof NotFoundError);
    assert.match(missing.message, /There is no route GET \/api\/v1\/concurrency-limits/);
    assert.equal(missing.requests, 1);
    assert.equal(missing.headers?.["x-should-retry"], "false");
  });

  await t.test("input that is wrong, with the field", async () => {
    const badTag = await failure(() => client.tasks.trigger("echo", 1, { tags: ["x".repeat(200)] }));
    assert.ok(badTag instanceof BadRequestError);
    assert.match(badTag.message, /options\.tags/);
    const badVersion = await failure(() => client.tasks.trigger("echo", 1, { version: "20200101.1" }));
    assert.ok(badVersion instanceof UnprocessableEntityError);
    assert.equal(badVersion.param, "options.lockToVersion");
    const badStatus = await failure(() => client.runs.list({ status: "DONE" as "FAILED" }));
    assert.ok(badStatus instanceof BadRequestError);
    assert.deepEqual([badTag.requests, badVersion.requests, badStatus.requests], [1, 1, 1]);
  });

  await t.test("a server that fails first, and answers that are lost: one run", async () => {
    proxy.decide((number) => (number <= 2 ? { status: 503, body: '{"error":"away"}' } : "forward"));
    const late = await client.tasks.trigger("echo", 1, { tags: "late" });
    assert.equal(proxy.count(), 3);
    proxy.decide((number) => (number === 1 ? "lose_answer" : "forward"));
    const lost = await client.tasks.trigger("echo", 1, { tags: "lost" });
    assert.equal(proxy.count(), 2);
    proxy.decide((number) => (number <= 2 ? "lose_answer" : "forward"));
    const group = await client.batch.trigger([{ id: "echo", payload: 1, options: { tags: "lost-batch" } }]);
    for (const [tag, id] of [
      ["late", late.id],
      ["lost", lost.id],
      ["lost-batch", (await batch.retrieve(group.batchId)).runs[0]],
    ]) {
      const found = (await runs.list({ tag: tag ?? "" })).data.map((run) => run.id);
      assert.deepEqual(found, [id]);
    }
    proxy.decide(() => ({ status: 500, body: "broken" }));
    await assert.rejects(client.runs.list({}), InternalServerError);
    assert.equal(proxy.count(), 4);
  });

  await t.test("too many requests: when it may come again", async () => {
    const headers = { "x-ratelimit-reset": String(Date.now() + 50), "content-type": "application/problem+json" };
    const tooMany = { status: 429, headers, body: '{"title":"Rate Limit Exceeded","error":"too many"}' };
    proxy.decide((number) => (number === 1 ? tooMany : "forward"));
    await client.runs.list({});
    assert.equal(proxy.count(), 2);
    proxy.decide(() => ({ ...tooMany, headers: { ...headers, "x-should-retry": "false" } }));
    await assert.rejects(client.runs.list({}), RateLimitError);
    assert.equal(proxy.count(), 1);
  });

  const as = <T>(accessToken: string, body: () => PromiseLike<T>) => auth.withAuth({ accessToken }, async () => body());
  const tagged = await tasks.trigger("echo", 1, { tags: ["mine", "ours"] });
  const other = await tasks.trigger("inspect", 1);

  await t.test("public tokens: the token of a handle reads its run, that of a batch its batch", async () => {
    assert.equal((await as(tagged.publicAccessToken, () => runs.retrieve(tagged.id))).id, tagged.id);
    await assert.rejects(
      as(tagged.publicAccessToken, () => runs.retrieve(other.id)),
      PermissionDeniedError,
    );
    const group = await tasks.batchTrigger("echo", [{ payload: 1 }]);
    assert.equal((await as(group.publicAccessToken, () => batch.retrieve(group.batchId))).runCount, 1);
  });

  await t.test("public tokens: scopes of runs, tags, tasks and batches", async () => {
    const readsOf = async (scope: Record<string, string | string[] | boolean>) => {
      const token = await auth.createPublicToken({ scopes: { read: scope } });
      const isAllowed = async (call: () => PromiseLike<unknown>) => {
        const error = await as(token, call).then(
          () => null,
          (thrown: unknown) => thrown,
        );
        assert.ok(error === null || error instanceof PermissionDeniedError, String(error));
        return error === null;
      };
      return [
        await isAllowed(() => runs.retrieve(tagged.id)),
        await isAllowed(() => runs.retrieve(other.id)),
        await isAllowed(() => runs.list({})),
        await isAllowed(() => runs.list({ tag: "mine" })),
        await isAllowed(() => runs.list({ taskIdentifier: ["echo", "inspect"] })),
      ];
    };
    assert.deepEqual(await readsOf({ runs: true }), [true, true, true, true, true]);
    assert.deepEqual(await readsOf({ runs: [other.id] }), [false, true, false, false, false]);
    assert.deepEqual(await readsOf({ tags: "mine" }), [true, false, false, true, false]);
    assert.deepEqual(await readsOf({ tasks: ["echo", "inspect"] }), [true, true, false, false, true]);
    assert.deepEqual(await readsOf({ tasks: "inspect" }), [false, true, false, false, false]);
  });

  await t.test("public tokens: a token whose time is over, and one that somebody changed", async () => {
    const over = await auth.createPublicToken({ scopes: { read: { runs: true } }, expirationTime: 1_000_000_000 });
    await assert.rejects(
      as(over, () => runs.retrieve(tagged.id)),
      AuthenticationError,
    );
    const fine = await auth.createPublicToken({ scopes: { read: { runs: true } }, expirationTime: "1h" });
    await assert.rejects(
      as(`${fine.slice(0, -4)}AAAA`, () => runs.retrieve(tagged.id)),
      AuthenticationError,
    );
  });

  await t.test("public tokens: a token for one trigger, and for one batch", async () => {
    const once = await auth.createTriggerPublicToken("echo");
    const handle = await as(once, () => tasks.trigger("echo", { from: "a page" }));
    assert.deepEqual((await as(handle.publicAccessToken, () => runs.retrieve(handle.id))).payload, { from: "a page" });
    await assert.rejects(
      as(once, () => tasks.trigger("echo", 2)),
      AuthenticationError,
    );
    const often = await auth.createTriggerPublicToken(["echo", "inspect"], { multipleUse: true, expirationTime: "1h" });
    for (const task of ["echo", "inspect", "echo"]) await as(often, () => tasks.trigger(task, 1));
    await assert.rejects(
      as(often, () => tasks.trigger("gated", 1)),
      PermissionDeniedError,
    );
    const group = await auth.createBatchTriggerPublicToken("echo");
    const made = await as(group, () => tasks.batchTrigger("echo", [{ payload: 1 }, { payload: 2 }]));
    assert.equal((await batch.retrieve(made.batchId)).runs.length, 2);
    await assert.rejects(
      as(group, () => tasks.batchTrigger("echo", [{ payload: 1 }])),
      /was for one use/,
    );
  });
});
