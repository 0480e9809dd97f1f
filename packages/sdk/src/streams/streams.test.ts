import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeEach, test } from "node:test";
import { configure } from "../client/client-settings.ts";
import { ApiSchemaValidationError, BadRequestError, NotFoundError } from "../errors/api-error.ts";
import { PayloadError } from "../errors/task-error.ts";
import { type ReceivedRequest, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { streams } from "./streams-api.ts";

const target = { target: "run_1" };

beforeEach(() => configure({}));

async function serve(
  t: { after(body: () => unknown): void },
  reply: (request: ReceivedRequest, index: number) => Reply | Promise<Reply>,
) {
  const server = await startProtocolServer(reply);
  t.after(() => server.close());
  configure({ secretKey: "tr_dev_key", baseURL: server.url, requestOptions: { retry: { minTimeoutInMs: 1 } } });
  return server;
}

function batch(...seqs: readonly number[]): string {
  const records = seqs.map((seq) => ({
    seq_num: seq,
    timestamp: 1_000,
    body: `{"data":"chunk ${seq}","id":"${seq}"}`,
  }));
  return `event: batch\ndata: ${JSON.stringify({ records })}\n\n`;
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) values.push(value);
  return values;
}

test("chunks are numbered under one id, and a request that fails is repeated with the same numbers", async (t) => {
  const server = await serve(t, (_request, index) =>
    index === 1 ? { status: 503 } : { body: { ok: true, lastEventId: "7" } },
  );
  const { stream, waitUntilComplete } = streams.pipe("tokens", ReadableStream.from(["a", "b", { c: 1 }]), target);
  assert.deepEqual(await all(stream), ["a", "b", { c: 1 }]);
  assert.deepEqual(await waitUntilComplete(), { lastEventId: "7" });
  const sent = server.requests.map(({ path, headers, body }) => [path, headers["x-resume-from-chunk"], body]);
  const path = "/realtime/v1/streams/run_1/self/tokens";
  assert.ok(sent.every((one) => one[0] === path));
  assert.equal(new Set(server.requests.map(({ headers }) => headers["x-client-id"])).size, 1);
  assert.deepEqual(sent[1]?.slice(1), sent[2]?.slice(1));
  const lines = sent
    .filter((_, index) => index !== 2)
    .map((one) => one[2])
    .join("");
  assert.equal(lines, '"a"\n"b"\n{"c":1}\n');
});

test("what comes while a request is under way makes the next", async (t) => {
  const server = await serve(t, () => ({ body: { ok: true } }));
  const many = Array.from({ length: 2_500 }, (_, index) => index);
  await streams.pipe(ReadableStream.from(many), target).waitUntilComplete();
  const counts = server.requests.map(({ body }) => body.split("\n").length - 1);
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    2_500,
  );
  assert.ok(counts.length < 100 && Math.max(...counts) <= 1_000, counts.join());
});

test("after a refusal the source is read no further", async (t) => {
  const server = await serve(t, () => ({ status: 400, body: { error: "The run run_1 is over" } }));
  let isReturned = false;
  const source = async function* () {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      isReturned = true;
    }
  };
  const { stream, waitUntilComplete } = streams.pipe(source(), target);
  await assert.rejects(waitUntilComplete(), BadRequestError);
  await stream.cancel();
  assert.equal(server.requests.length, 1);
  assert.ok(isReturned);
});

test("a signal ends piping, and what was read is sent", async (t) => {
  const server = await serve(t, () => ({ body: { ok: true } }));
  const ending = new AbortController();
  const source = async function* () {
    yield "sent";
    ending.abort();
    await new Promise(() => {}); // produces nothing more
  };
  await streams.pipe(source(), { ...target, signal: ending.signal }).waitUntilComplete();
  assert.deepEqual(
    server.requests.map(({ body }) => body),
    ['"sent"\n'],
  );
});

test("the key of an append may be left out, and what can't be a chunk is told", async (t) => {
  const server = await serve(t, () => ({ body: { ok: true } }));
  await streams.append("value", target);
  await streams.append("key", "value", target);
  await streams.append("key", { target: 1 }, target);
  await streams.append({ a: 1 }, target);
  assert.deepEqual(
    server.requests.map(({ path, body }) => [path.split("/").at(-1), body]),
    [
      ["default", '"value"\n'],
      ["key", '"value"\n'],
      ["key", '{"target":1}\n'],
      ["default", '{"a":1}\n'],
    ],
  );
  await assert.rejects(streams.append("key", { f: () => 1 }, target), /has at f a function/);
  await assert.rejects(streams.append("key", "x".repeat(1024 * 1024), target), PayloadError);
  await assert.rejects(streams.append("k".repeat(129), 1, target), BadRequestError);
  assert.throws(() => streams.define({ id: "" }), BadRequestError);
  assert.throws(() => streams.pipe({} as never, target), /ReadableStream or an async iterable/);
});

test("a record is sent with its data alone", async (t) => {
  const server = await serve(t, () => ({ body: { ok: true } }));
  const approval = streams.input<{ approved: boolean }>({ id: "a/b" });
  await approval.send("run_1", { approved: true });
  assert.deepEqual(
    [server.requests[0]?.path, server.requests[0]?.body],
    ["/realtime/v1/streams/run_1/input/a%2Fb", '{"data":{"approved":true}}'],
  );
  await assert.rejects(approval.send("", { approved: true }), BadRequestError);
});

/** A server that answers each request by writing into it. */
async function streaming(
  t: { after(body: () => unknown): void },
  answer: (response: ServerResponse, headers: NodeJS.Dict<string | string[]>, index: number) => void,
) {
  let index = 0;
  const server = createServer((request, response) => answer(response, request.headers, index++));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server's address is no string
  configure({ secretKey: "tr_dev_key", baseURL: `http://127.0.0.1:${port}` });
}

test("a reader goes on after a broken connection where it was, and ends where the server does", async (t) => {
  const places: unknown[] = [];
  await streaming(t, (response, headers, index) => {
    places.push(headers["last-event-id"]);
    if (index === 0) {
      response.write(batch(0, 1));
      response.write('event: batch\ndata: {"records":[{"seq_num":2,"time', () => response.destroy());
    } else if (index === 1) response.writeHead(503).end();
    else if (index === 2) response.destroy();
    else response.end(`: ping\n\n${batch(2)}event: other\ndata: {}\n\n${batch(3)}`);
  });
  const read = await all(await streams.read("run_1", "tokens"));
  assert.deepEqual(read, ["chunk 0", "chunk 1", "chunk 2", "chunk 3"]);
  assert.deepEqual(places, [undefined, "1", "1", "1"]);
});

test("a reader says where it begins, and is told where it stands when that is now", async (t) => {
  const asked: unknown[] = [];
  await streaming(t, (response, headers, index) => {
    asked.push([headers["last-event-id"], headers["x-trigger-stream-start"], headers["timeout-seconds"]]);
    if (index === 1) {
      const records = [{ seq_num: 4, timestamp: 0, body: "", headers: [["", ""]] }];
      response.write(`event: batch\ndata: ${JSON.stringify({ records })}\n\n`, () => response.destroy());
    } else response.end();
  });
  await all(await streams.read("run_1", "tokens", { startIndex: 3, timeoutInSeconds: 5 }));
  await all(await streams.read("run_1", { from: "latest" }));
  await all(await streams.read("run_1", { lastEventId: "9", startIndex: 1 }));
  assert.deepEqual(asked, [
    ["2", undefined, "5"],
    [undefined, "latest", "60"],
    ["4", undefined, "60"],
    ["9", undefined, "60"],
  ]);
  await assert.rejects(streams.read("run_1", { timeoutInSeconds: 0 }), BadRequestError);
  await assert.rejects(streams.read("run_1", { startIndex: 0.5 }), BadRequestError);
});

test("what will not become another answer ends a reader with its error", async (t) => {
  await streaming(t, (response, _headers, index) => {
    if (index === 0) response.writeHead(404).end('{"error":"There is no run"}');
    else response.end("event: batch\ndata: <html>\n\n");
  });
  await assert.rejects(all(await streams.read("run_1")), NotFoundError);
  await assert.rejects(all(await streams.read("run_1")), ApiSchemaValidationError);
});

test("leaving the loop, cancelling and a signal all end the connection", async (t) => {
  const closed: Promise<void>[] = [];
  await streaming(t, (response) => {
    closed.push(new Promise((resolve) => response.on("close", resolve)));
    response.write(batch(0, 1));
  });
  for await (const chunk of await streams.read("run_1")) if (chunk === "chunk 0") break;
  const reader = (await streams.read("run_1")).getReader();
  assert.equal((await reader.read()).value, "chunk 0");
  await reader.cancel();
  const ending = new AbortController();
  const onPart = ({ index }: { index: number }) => index === 1 && ending.abort();
  assert.deepEqual(await all(await streams.read("run_1", { signal: ending.signal, onPart })), ["chunk 0", "chunk 1"]);
  assert.deepEqual(await all(await streams.read("run_1", { signal: AbortSignal.abort() })), []);
  await Promise.all(closed);
  assert.equal(closed.length, 3);
});

test("a signal ends the source, what is merged into it, and what is read beside", async (t) => {
  await serve(t, () => ({ body: { ok: true } }));
  const ended: string[] = [];
  async function* endless(name: string) {
    try {
      for (let n = 0; ; n++) {
        yield `${name} ${n}`;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      ended.push(name);
    }
  }
  const ending = new AbortController();
  const { signal } = ending;
  const piped = streams.pipe("piped", endless("piped"), { ...target, signal });
  const beside = all(piped.stream);
  const written = streams.writer<string>("written", {
    ...target,
    signal,
    execute: ({ write, merge }) => {
      write("first");
      merge(endless("merged"));
    },
  });
  setTimeout(() => ending.abort(), 20);
  await Promise.all([piped.waitUntilComplete(), written.waitUntilComplete(), beside]);
  while (ended.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(ended.sort(), ["merged", "piped"]);
});

test("what is merged and fails while the writer goes on fails the writer, and nothing else", async (t) => {
  await serve(t, () => ({ body: { ok: true } }));
  const { waitUntilComplete } = streams.writer<string>("merged", {
    ...target,
    execute: async ({ write, merge }) => {
      merge(
        ReadableStream.from(
          (async function* () {
            yield "a";
            throw new Error("source gone");
          })(),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
      write("b");
    },
  });
  await assert.rejects(waitUntilComplete(), /source gone/);
});
