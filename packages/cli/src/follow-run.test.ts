import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { createApiClient, UnreachableError } from "./api/client.ts";
import { followRun } from "./follow-run.ts";

const log = (message: string) => ({ kind: "log", at: "2026-01-01T00:00:00Z", attempt: 1, level: "info", message });

/** A server that gives one answer after another for each path. */
async function withAnswers(
  answers: Record<string, readonly unknown[]>,
  body: (apiUrl: string) => Promise<void>,
): Promise<void> {
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const count = asked.get(path) ?? 0;
    asked.set(path, count + 1);
    const all = answers[path] ?? [];
    const answer = all[Math.min(count, all.length - 1)];
    response.writeHead(answer === undefined ? 404 : 200);
    response.end(JSON.stringify(answer ?? { error: "There is no such run." }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  try {
    await body(`http://127.0.0.1:${address.port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const failure = (number: number, message: string) => {
  const at = "2026-01-01T00:00:00Z";
  return { number, startedAt: at, failedAt: at, error: { message } };
};

test("a run is followed to its end, and each line and failed attempt is told once", async () => {
  const answers = {
    "/api/v3/runs/run_1": [
      { isCompleted: false, attemptCount: 0, attempts: [] },
      { isCompleted: false, attemptCount: 1, attempts: [failure(1, "no")] },
      { isCompleted: false, attemptCount: 2, attempts: [failure(1, "no")] },
      { isCompleted: true, attemptCount: 3, attempts: [failure(1, "no"), failure(2, "not yet")], output: 7 },
    ],
    "/api/v1/runs/run_1/events": [
      { events: [log("a")] },
      { events: [log("a"), log("b")] },
      { events: [log("a"), log("b"), log("c")] },
    ],
  };
  await withAnswers(answers, async (apiUrl) => {
    const told: string[] = [];
    const run = await followRun(createApiClient({ apiUrl, secretKey: "k" }), "run_1", {
      onEvent: (event) => told.push(event.message),
      onAttemptFailed: ({ number, error }) => told.push(`${number}: ${error.message}`),
      onReason: (reason) => told.push(reason),
    });
    assert.equal(run.output, 7);
    assert.deepEqual(told, ["a", "1: no", "b", "c", "2: not yet"]);
  });
});

test("the server's own sentence is the error; a server that is away is told as such", async () => {
  let gone = "";
  await withAnswers({}, async (apiUrl) => {
    gone = apiUrl;
    const api = createApiClient({ apiUrl, secretKey: "k" });
    await assert.rejects(api.retrieveRun("run_x"), { name: "CommandError", message: "There is no such run." });
  });
  await assert.rejects(createApiClient({ apiUrl: gone, secretKey: "k" }).retrieveRun("run_x"), (error: Error) => {
    assert.ok(error instanceof UnreachableError);
    assert.match(error.message, /No server answers at .*pawl dev/);
    return true;
  });
});
