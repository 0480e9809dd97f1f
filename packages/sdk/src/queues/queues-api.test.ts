import assert from "node:assert/strict";
import { test } from "node:test";
import { configure } from "../client/client-settings.ts";
import { NotFoundError } from "../errors/api-error.ts";
import { type ReceivedRequest, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { queues } from "./queues-api.ts";

async function serve(
  t: { after(body: () => unknown): void },
  reply: (request: ReceivedRequest, index: number) => Reply,
) {
  const server = await startProtocolServer(reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url });
  return server;
}

const at = "2026-01-02T03:04:05.000Z";
const item = { id: "queue_1", name: "a/b", type: "custom", running: 1, queued: 2, paused: false, concurrencyLimit: 5 };
const concurrency = { current: 5, base: 3, override: 5, overriddenAt: at, overriddenBy: null };

test("asks for a queue by its id, its task and its name", async (t) => {
  const server = await serve(t, () => ({ body: { ...item, concurrency } }));
  const found = await queues.retrieve("queue_1");
  assert.deepEqual(found, { ...item, concurrency: { ...concurrency, overriddenAt: new Date(at) } });
  await queues.retrieve({ type: "task", name: "mail.send" });
  await queues.retrieve({ type: "custom", name: "a/b" });
  assert.deepEqual(
    server.requests.map(({ path }) => path),
    ["/api/v1/queues/queue_1?type=id", "/api/v1/queues/mail.send?type=task", "/api/v1/queues/a%252Fb?type=custom"],
  );
});

test("pauses, resumes, overrides and resets", async (t) => {
  const server = await serve(t, () => ({ body: item }));
  const mail = { type: "custom", name: "mail" } as const;
  await queues.pause(mail);
  await queues.resume("queue_1");
  await queues.overrideConcurrencyLimit(mail, 20);
  assert.deepEqual(await queues.resetConcurrencyLimit(mail), item);
  assert.deepEqual(
    server.requests.map(({ method, path, body }) => [method, path, JSON.parse(body)]),
    [
      ["POST", "/api/v1/queues/mail/pause", { type: "custom", action: "pause" }],
      ["POST", "/api/v1/queues/queue_1/pause", { type: "id", action: "resume" }],
      ["POST", "/api/v1/queues/mail/concurrency/override", { type: "custom", concurrencyLimit: 20 }],
      ["POST", "/api/v1/queues/mail/concurrency/reset", { type: "custom" }],
    ],
  );
  await assert.rejects(queues.overrideConcurrencyLimit(mail, 1.5), /whole number from 0, not 1.5/);
});

test("overrides one rate or both, and gives those of the code back", async (t) => {
  const none = { rateLimit: null, combinedRateLimit: null };
  const server = await serve(t, () => ({
    body: { ...item, ...none, rates: { base: none, override: { rateLimit: null }, overriddenAt: at } },
  }));
  const mail = { type: "custom", name: "mail" } as const;
  const changed = await queues.overrideRateLimit(mail, { limit: 10, period: "1m" });
  assert.deepEqual(changed.rates, { base: none, override: { rateLimit: null }, overriddenAt: new Date(at) });
  await queues.overrideRateLimit("queue_1", {
    rateLimit: null,
    combinedRateLimit: { limit: 5, period: 1_000, burst: 2 },
  });
  await queues.resetRateLimit(mail);
  assert.deepEqual(
    server.requests.map(({ method, path, body }) => [method, path, JSON.parse(body)]),
    [
      ["POST", "/api/v1/queues/mail/rate-limit/override", { type: "custom", rateLimit: { limit: 10, period: "1m" } }],
      [
        "POST",
        "/api/v1/queues/queue_1/rate-limit/override",
        { type: "id", rateLimit: null, combinedRateLimit: { limit: 5, period: 1_000, burst: 2 } },
      ],
      ["POST", "/api/v1/queues/mail/rate-limit/reset", { type: "custom" }],
    ],
  );
  await assert.rejects(queues.overrideRateLimit(mail, { limit: 0, period: "1m" }), /The rateLimit has a limit of 0/);
  await assert.rejects(
    queues.overrideRateLimit(mail, { combinedRateLimit: { limit: 1, period: "1m", burst: 2 } }),
    /The combinedRateLimit has a burst of 2/,
  );
});

test("lists all pages from one on, and back", async (t) => {
  const server = await serve(t, ({ path }) => {
    const currentPage = Number(new URL(path, "http://a").searchParams.get("page"));
    const data = [{ ...item, id: `queue_${currentPage}` }];
    return { body: { data, pagination: { currentPage, totalPages: 3, count: 3 } } };
  });
  const ids: string[] = [];
  for await (const queue of queues.list({ page: 2, perPage: 1 })) ids.push(queue.id);
  assert.deepEqual(ids, ["queue_2", "queue_3"]);
  assert.equal(server.requests[0]?.path, "/api/v1/queues?page=2&perPage=1");
  const page = await queues.list();
  assert.deepEqual(page.pagination, { currentPage: 1, totalPages: 3, count: 3, next: "2" });
  const second = await page.getNextPage();
  assert.equal((await second.getPreviousPage()).data[0]?.id, "queue_1");
});

test("a queue that does not exist is not found", async (t) => {
  await serve(t, () => ({ status: 404, body: { error: "no" } }));
  await assert.rejects(queues.retrieve("queue_9"), NotFoundError);
});
