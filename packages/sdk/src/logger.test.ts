import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, test } from "node:test";
import { fakeRun } from "./fixtures/fake-run.ts";
import { logger } from "./logger.ts";
import { type ActiveRun, type LogRecord, type RunCell, runtime } from "./runtime.ts";

function recordingRun(): { run: ActiveRun; records: LogRecord[]; spans: unknown[] } {
  const records: LogRecord[] = [];
  const spans: unknown[] = [];
  const { run } = fakeRun(
    {},
    {
      log: (record) => void records.push(record),
      startSpan: (name, attributes) => {
        const span: unknown[] = [name, attributes];
        spans.push(span);
        return {
          setAttributes: (more) => void span.push(more),
          fail: (thrown) => void span.push(thrown),
          run: (body) => body(),
          end: () => void span.push("end"),
        };
      },
    },
  );
  return { run, records, spans };
}

afterEach(() => {
  runtime().context = null;
  runtime().executing = () => null;
  runtime().logLevel = undefined;
});

test("lines go to the run of their context, each at its level", async () => {
  const { run, records, spans } = recordingRun();
  const context = new AsyncLocalStorage<RunCell>();
  runtime().context = context;
  await context.run({ run }, async () => {
    for (const level of ["trace", "debug", "log", "info", "warn", "error"] as const) logger[level](level, { n: 1 });
    assert.equal(await logger.trace("span", async () => 5, { attributes: { a: 1 } }), 5);
    const error = new Error("no");
    const failing = logger.trace("failing", (span) => {
      span.setAttribute("rows", 3).setAttributes({ b: 2 });
      throw error;
    });
    await assert.rejects(failing, error);
    logger.startSpan("open").end();
    assert.deepEqual(spans, [
      ["span", { a: 1 }, "end"],
      ["failing", undefined, { rows: 3 }, { b: 2 }, error, "end"],
      ["open", undefined, "end"],
    ]);
  });
  assert.deepEqual(
    records.map(({ message, level }) => `${message} ${level}`),
    ["trace trace", "debug debug", "log info", "info info", "warn warn", "error error"],
  );
  assert.deepEqual(records[0]?.attributes, { n: 1 });
  assert.ok(records.every((record) => !record.isContextLost && Math.abs(Date.now() - record.atMs) < 60_000));
});

test("the configuration's level leaves lines out", () => {
  const { run, records } = recordingRun();
  const context = new AsyncLocalStorage<RunCell>();
  runtime().context = context;
  const levelsAt = (logLevel: string) => {
    runtime().logLevel = logLevel;
    records.splice(0);
    context.run({ run }, () => {
      for (const level of ["trace", "debug", "info", "warn", "error"] as const) logger[level]("line");
    });
    return records.map(({ level }) => level).join(" ");
  };
  assert.equal(levelsAt("none"), "");
  assert.equal(levelsAt("warn"), "warn error");
  assert.equal(levelsAt("log"), "info warn error");
  assert.equal(levelsAt("trace"), "trace debug info warn error");
});

test("a line whose context is lost goes to the executing run, marked", () => {
  const { run, records } = recordingRun();
  const context = new AsyncLocalStorage<RunCell>();
  runtime().context = context;
  runtime().executing = () => run;
  logger.info("no context");
  context.run({ run: null }, () => logger.info("ended context"));
  assert.deepEqual(
    records.map((record) => record.isContextLost),
    [true, true],
  );
});

test("a backend logs to the console, and spans just run", async (t) => {
  const info = t.mock.method(console, "info", () => {});
  logger.info("plain");
  logger.log("with", { a: 1 });
  assert.deepEqual(
    info.mock.calls.map((call) => call.arguments),
    [["plain"], ["with", { a: 1 }]],
  );
  assert.equal(await logger.trace("span", () => 1), 1);
});
