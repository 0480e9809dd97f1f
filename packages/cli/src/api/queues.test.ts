import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { createQueueClient } from "./queues.ts";

const emails = { id: "queue_1", name: "emails", type: "custom", running: 0, queued: 0, paused: false };
const hello = { ...emails, id: "queue_2", name: "hello", type: "task" };

/** A server that knows two queues and writes down what it was asked. */
async function serve(t: TestContext) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push(`${request.url} ${body}`.trim());
    const isList = request.method === "GET";
    const { type } = isList ? { type: null } : (JSON.parse(body) as { type: string });
    const known = [emails, hello].find((queue) => queue.type === type && request.url?.includes(`/${queue.name}/`));
    const found = isList ? { data: [emails, hello], pagination: { currentPage: 1, totalPages: 1, count: 2 } } : known;
    response.writeHead(found === undefined ? 404 : 200);
    response.end(JSON.stringify(found ?? { error: "Queue not found" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { asked, queues: createQueueClient({ apiUrl: `http://127.0.0.1:${address.port}`, secretKey: "k" }) };
}

test("a queue is found by its own name, then as a task's", async (t) => {
  const { asked, queues } = await serve(t);
  assert.equal((await queues.setPaused("emails", true)).id, "queue_1");
  assert.equal((await queues.setLimit("task/hello", 3)).id, "queue_2");
  assert.equal((await queues.setLimit("hello", null)).id, "queue_2");
  assert.deepEqual(asked, [
    '/api/v1/queues/emails/pause {"type":"custom","action":"pause"}',
    '/api/v1/queues/hello/concurrency/override {"type":"task","concurrencyLimit":3}',
    '/api/v1/queues/hello/concurrency/reset {"type":"custom"}',
    '/api/v1/queues/hello/concurrency/reset {"type":"task"}',
  ]);
});

test("a slash in a name is encoded twice, and an unknown queue is answered with the one that was meant", async (t) => {
  const { asked, queues } = await serve(t);
  await assert.rejects(queues.setPaused("a/b", true), { message: "There is no queue a/b: choose one of these." });
  assert.match(asked[0] ?? "", /\/queues\/a%252Fb\/pause /);
  await assert.rejects(queues.setPaused("email", false), { message: /no queue email: did you mean emails\?/ });
});
