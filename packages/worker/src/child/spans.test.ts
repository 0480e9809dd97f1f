import assert from "node:assert/strict";
import { test } from "node:test";
import { logger } from "@pawl/sdk";
import { runtime } from "@pawl/sdk/runtime";
import { ExecutorUnderTest, waits } from "../fixtures/executor-under-test.ts";

test("spans are told with their duration, their attributes, their error and the span that they are in", async () => {
  const host = new ExecutorUnderTest();
  const runId = host.begin(async () => {
    await logger.trace("outer", async (span) => {
      span.setAttribute("rows", 3);
      logger.info("inside");
      const inner = logger.trace("inner", () => Promise.reject(new RangeError("too far")), { attributes: { a: 1n } });
      await assert.rejects(inner, RangeError);
    });
    logger.info("outside");
    const open = logger.startSpan("open");
    open.end();
    open.end();
  });
  await host.resultOf(runId);
  const [inner, outer, open, ...rest] = host.spansOf(runId);
  assert.deepEqual(rest, []);
  assert.ok(inner !== undefined && outer !== undefined && open !== undefined);
  assert.deepEqual([outer.message, outer.attributes, outer.isError], ["outer", '{"rows":3}', undefined]);
  assert.equal(outer.parentSpanId, undefined);
  assert.equal(inner.parentSpanId, outer.spanId);
  assert.equal(inner.isError, true);
  assert.match(inner.attributes ?? "", /"a":"1n","exception.message":"RangeError: too far"/);
  assert.ok((outer.durationMs ?? -1) >= (inner.durationMs ?? 0) && outer.atMs <= inner.atMs);
  const logs = host.of("telemetry").flatMap(({ body }) => body.filter(({ kind }) => kind === "log"));
  assert.deepEqual(
    logs.map(({ message, parentSpanId }) => [message, parentSpanId]),
    [
      ["inside", outer.spanId],
      ["outside", undefined],
    ],
  );
});

test("a wait is a span, and a run that begins in its turn is not inside of it", async () => {
  const host = new ExecutorUnderTest();
  const first = host.begin(async () => logger.trace("around", () => waits()));
  const second = host.begin(async () => logger.info("another"));
  const [key] = await host.untilAwaits(first);
  await host.resultOf(second);
  host.resume(first, key ?? "");
  await host.resultOf(first);
  const [wait, around] = host.spansOf(first);
  assert.equal(wait?.message, "Wait until 1970-01-01T00:00:00.000Z");
  assert.equal(wait.parentSpanId, around?.spanId);
  const log = host.of("telemetry").flatMap(({ body }) => body.filter(({ message }) => message === "another"))[0];
  assert.equal(log?.parentSpanId, undefined);
});

test("a hook that throws is a span", async () => {
  const host = new ExecutorUnderTest();
  const hooks = { onStart: () => undefined, onSuccess: () => Promise.reject(new Error("no")) };
  const runId = host.begin(async () => 1, { hooks });
  await host.resultOf(runId);
  assert.deepEqual(
    host.spansOf(runId).map(({ message, isError }) => [message, isError]),
    [["onSuccess", true]],
  );
});

test("attributes have a limit, and what is left out is counted", async () => {
  const host = new ExecutorUnderTest();
  const runId = host.begin(async () => {
    logger.info("many", Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key${index}`, index])));
    logger.info("long", { text: "x".repeat(100_000) });
  });
  await host.resultOf(runId);
  const [many, long] = host.of("telemetry").flatMap(({ body }) => body);
  const kept = JSON.parse(many?.attributes ?? "") as Record<string, unknown>;
  assert.deepEqual([Object.keys(kept).length, kept.droppedAttributes], [257, 44]);
  assert.equal((JSON.parse(long?.attributes ?? "") as { truncated: string }).truncated.length, 64_000);
});

test("the configuration's log level holds for the logger", async () => {
  const host = new ExecutorUnderTest();
  host.executor.configure({ logLevel: "warn" });
  const runId = host.begin(async () => {
    logger.info("left out");
    logger.warn("kept");
  });
  await host.resultOf(runId);
  assert.deepEqual(host.logsOf(runId), ["kept"]);
  runtime().logLevel = undefined;
});
