import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { openStage } from "../stage/stage.ts";

/** A server whose bulk actions never end, and that writes down what it was asked. */
async function serveEndless(t: TestContext) {
  const asked: string[] = [];
  const counts = { total: 1_234, success: 0, failure: 0 };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push(`${request.method} ${request.url} ${body}`.trim());
    counts.success += 1;
    const run = { id: "run_1", status: "QUEUED", taskIdentifier: "hello", env: { id: "env_1", name: "prod" } };
    const action = { id: "bulk_1", type: "CANCEL", status: "PENDING", counts, createdAt: new Date().toISOString() };
    const answer = () => {
      if (request.url?.startsWith("/api/v1/runs")) return { data: [run], pagination: {} };
      if (request.method === "GET") return action;
      return body.includes('"dryRun":true') ? { count: 1_234, isExact: true } : { id: "bulk_1" };
    };
    response.end(JSON.stringify(answer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { asked, env: { TRIGGER_API_URL: `http://127.0.0.1:${address.port}`, TRIGGER_SECRET_KEY: "tr_prod_x" } };
}

test("Ctrl-C leaves a bulk action to itself, and says how to end it", async (t) => {
  const stage = await openStage(t);
  const { asked, env } = await serveEndless(t);
  const command = stage.pawl(["runs", "cancel", "--task", "hello", "--yes", "--name", "stop"], { env });
  await command.untilWritten("progress", ({ stderr }) => /^\d+ of 1,234 cancelled/m.test(stderr));
  command.signalGroup("SIGINT");
  await command.ended;
  assert.equal(command.ending?.code, 130, command.report());
  assert.equal(command.stdout, "");
  assert.match(
    command.stderr,
    /\nThe bulk action goes on: look at it with "pawl bulk show bulk_1", or end it with "pawl bulk abort bulk_1"\.\n$/,
  );
  const posts = asked.filter((line) => line.startsWith("POST"));
  assert.deepEqual(posts, [
    'POST /api/v1/bulk-actions {"action":"cancel","filter":{"taskIdentifier":["hello"]},"name":"stop","dryRun":true}',
    'POST /api/v1/bulk-actions {"action":"cancel","filter":{"taskIdentifier":["hello"]},"name":"stop"}',
  ]);
});

test("where nobody can be asked, nothing is sent but questions", async (t) => {
  const stage = await openStage(t);
  const { asked, env } = await serveEndless(t);
  const command = await stage.pawl(["runs", "replay", "--all", "--json"], { env }).finished();
  assert.equal(command.ending?.code, 1);
  assert.match(
    String(command.lines[0]?.error),
    /^This replays 1,234 runs of prod\. There is no terminal to ask on: add --yes/,
  );
  assert.deepEqual(
    asked.filter((line) => line.startsWith("POST")),
    ['POST /api/v1/bulk-actions {"action":"replay","all":true,"dryRun":true}'],
  );
});
