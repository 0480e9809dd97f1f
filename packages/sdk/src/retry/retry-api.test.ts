import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, type TestContext, test } from "node:test";
import { RunCancelledError } from "../errors/run-cancelled-error.ts";
import { AbortTaskRunError } from "../errors/task-error.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { runtime } from "../runtime.ts";
import type { BodyFilter } from "./body-filter.ts";
import { retry } from "./retry-api.ts";

const quick = { minTimeoutInMs: 1, maxTimeoutInMs: 1 };

afterEach(() => {
  runtime().context = null;
});

describe("retry.onThrow", () => {
  test("tries until it does not throw, and tells which try it is", async () => {
    const tries: unknown[] = [];
    const result = await retry.onThrow((args) => {
      tries.push(args);
      if (args.attempt < 3) throw new Error("not yet");
      return "done";
    }, quick);
    assert.equal(result, "done");
    assert.deepEqual(
      tries,
      [1, 2, 3].map((attempt) => ({ attempt, maxAttempts: 3 })),
    );
  });

  test("throws what the last try threw", async () => {
    let tries = 0;
    const trying = retry.onThrow(
      () => {
        tries += 1;
        throw new Error(`try ${tries}`);
      },
      { ...quick, maxAttempts: 2 },
    );
    await assert.rejects(trying, /^Error: try 2$/);
  });

  for (const error of [new AbortTaskRunError("never"), new RunCancelledError()]) {
    test(`does not try again after ${error.name}`, async () => {
      let tries = 0;
      const trying = retry.onThrow(() => {
        tries += 1;
        throw error;
      }, quick);
      await assert.rejects(trying, error);
      assert.equal(tries, 1);
    });
  }

  test("gives the slot of a run back between two tries, and two of them wait side by side", async () => {
    const played = fakeRun({ answer: () => ({ atMs: Date.now() }), result: () => ({ kind: "time" }) });
    const failing = () =>
      retry.onThrow(
        ({ attempt }) => {
          if (attempt === 1) throw new Error("first");
          return attempt;
        },
        { minTimeoutInMs: 5_000, maxTimeoutInMs: 5_000 },
      );
    const results = await played.execute(() => Promise.all([failing(), failing()]));
    assert.deepEqual(results, [2, 2]);
    assert.deepEqual(
      played.calls.map(({ kind }) => kind),
      ["time", "time"],
    );
    assert.equal(new Set(played.awaits.map(({ wait }) => wait)).size, 2);
  });
});

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // listens on a port
}

/** A service that answers with these statuses one after the other, and the last of them from then on. */
function statuses(list: readonly number[], seen: (string | undefined)[] = []): RequestListener {
  return (request, response) => {
    const status = list[Math.min(seen.length, list.length - 1)] ?? 200;
    seen.push(request.headers["x-retry-count"]?.toString());
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ status }));
  };
}

const backoff = { strategy: "backoff", ...quick } as const;

describe("retry.fetch", () => {
  test("tries again by the status, and says how often it has", async (t) => {
    const seen: (string | undefined)[] = [];
    const url = await serve(t, statuses([503, 429, 200], seen));
    const answer = await retry.fetch(url, { retry: { byStatus: { "429,5xx": backoff } } });
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), { status: 200 });
    assert.deepEqual(seen, [undefined, "1", "2"]);
  });

  test("gives the last answer when its tries are used up, and others at once", async (t) => {
    const seen: (string | undefined)[] = [];
    const url = await serve(t, statuses([500], seen));
    const answer = await retry.fetch(url, { retry: { byStatus: { "500-599": { ...backoff, maxAttempts: 2 } } } });
    assert.equal(answer.status, 500);
    assert.equal(seen.length, 2);
    assert.equal((await retry.fetch(url, { retry: { byStatus: { "404": backoff } } })).status, 500);
    assert.equal(seen.length, 3);
  });

  test("sends the body and the headers with every try", async (t) => {
    const bodies: string[] = [];
    const url = await serve(t, async (request, response) => {
      let body = `${request.method} ${request.headers["x-own"]} `;
      for await (const part of request) body += String(part);
      bodies.push(body);
      response.writeHead(bodies.length === 1 ? 503 : 200).end();
    });
    const options = { byStatus: { "503": backoff } };
    await retry.fetch(url, { method: "POST", body: "text", headers: { "x-own": "a" }, retry: options });
    assert.deepEqual(bodies, ["POST a text", "POST a text"]);
    bodies.length = 0;
    await retry.fetch(new Request(url, { method: "PUT", body: "text", headers: { "x-own": "b" } }), { retry: options });
    assert.deepEqual(bodies, ["PUT b text", "PUT b text"]);
  });

  test("tries a body again only if it fits the filter", async (t) => {
    const seen: (string | undefined)[] = [];
    const url = await serve(t, statuses([429], seen));
    const only = (bodyFilter: BodyFilter) => ({ byStatus: { "429": { ...backoff, maxAttempts: 2, bodyFilter } } });
    await retry.fetch(url, { retry: only({ status: [{ $anythingBut: 429 }] }) });
    assert.equal(seen.length, 1);
    await retry.fetch(url, { retry: only({ status: [{ $gte: 400 }] }) });
    assert.equal(seen.length, 3);
  });

  test("waits until the limit is reset", async (t) => {
    const played = fakeRun({ answer: () => ({ atMs: Date.now() }), result: () => ({ kind: "time" }) });
    const resetAtMs = Date.now() + 60_000;
    let calls = 0;
    const url = await serve(t, (_request, response) => {
      calls += 1;
      response.writeHead(calls === 1 ? 429 : 200, { "x-reset": String(resetAtMs) }).end();
    });
    const strategy = {
      strategy: "headers",
      limitHeader: "x-limit",
      remainingHeader: "x-remaining",
      resetHeader: "x-reset",
      resetFormat: "unix_timestamp_in_ms",
    } as const;
    const answer = await played.execute(() => retry.fetch(url, { retry: { byStatus: { "429": strategy } } }));
    assert.equal(answer.status, 200);
    const [wait] = played.calls;
    assert.ok(wait?.kind === "time" && wait.atMs >= resetAtMs - 1 && wait.atMs < resetAtMs + 1_000);
  });

  test("tries again after a timeout", async (t) => {
    let calls = 0;
    const url = await serve(t, (_request, response) => {
      calls += 1;
      if (calls > 1) response.end("ok"); // the first one is never answered
    });
    const answer = await retry.fetch(url, { timeoutInMs: 50, retry: { timeout: quick } });
    assert.equal(await answer.text(), "ok");
    assert.equal(calls, 2);
  });

  test("tries again where nobody listens, then throws what fetch threw", async (t) => {
    const url = await serve(t, (_request, response) => response.end());
    const closed = `http://127.0.0.1:1/${url.length}`;
    await assert.rejects(retry.fetch(closed, { retry: { connectionError: { ...quick, maxAttempts: 2 } } }), TypeError);
  });

  test("ends at once when its caller aborts", async (t) => {
    const controller = new AbortController();
    let calls = 0;
    const url = await serve(t, () => {
      calls += 1;
      controller.abort(new Error("enough"));
    });
    await assert.rejects(retry.fetch(url, { signal: controller.signal }), /enough/);
    assert.equal(calls, 1);
  });

  test("sends a stream only once", async (t) => {
    const seen: (string | undefined)[] = [];
    const url = await serve(t, statuses([503], seen));
    const init = { method: "POST", body: new Blob(["text"]).stream(), duplex: "half" } as const;
    assert.equal((await retry.fetch(url, { ...init, retry: { byStatus: { "503": backoff } } })).status, 503);
    assert.equal(seen.length, 1);
  });

  test("says that a pattern is no status", async (t) => {
    const url = await serve(t, statuses([500]));
    await assert.rejects(
      retry.fetch(url, { retry: { byStatus: { often: backoff } } }),
      /"often" in byStatus of retry.fetch is no status/,
    );
  });
});
