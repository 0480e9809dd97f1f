import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { RunDetail, RunEvent } from "@pawl/contract/api/runs";
import { statusFlags } from "@pawl/contract/run-state";
import { CommandError } from "../command-error.ts";
import type { DevEvent } from "../dev/dev-event.ts";
import { dateAndTime, withLocalTimes } from "./clock.ts";
import { renderDevEvent } from "./dev-lines.ts";
import { errorAsJson, renderErrorMessage } from "./error-message.ts";
import { renderRunPage } from "./run-page.ts";
import { userFrames } from "./stack.ts";
import { renderTable } from "./table.ts";
import { renderEndedRun } from "./triggered-run.ts";

const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);

const run: RunDetail = {
  id: "run_1",
  status: "PENDING_VERSION",
  ...statusFlags("PENDING_VERSION"),
  taskIdentifier: "hello",
  isTest: false,
  createdAt: "2026-01-02T03:04:05.000Z",
  updatedAt: "2026-01-02T03:04:05.000Z",
  tags: [],
  costInCents: 0,
  baseCostInCents: 0,
  durationMs: 0,
  depth: 0,
  triggerFunction: "trigger",
  relatedRuns: { children: [] },
  attemptCount: 0,
  attempts: [],
  realtimeStreams: [],
};

test("columns are as wide as their widest cell, whatever its color", () => {
  assert.deepEqual(
    plain(
      renderTable(
        [
          ["id", "ms"],
          ["\x1b[31mabc\x1b[39m", "12"],
        ],
        { rightAligned: [1] },
      ),
    ),
    ["id   ms", "abc  12"],
  );
});

test("a run that waits says why", () => {
  const lines = plain(renderRunPage({ ...run, reason: "No version has the task." }, []));
  assert.equal(lines[0], "PENDING_VERSION  hello  run_1");
  assert.equal(lines[1], "No version has the task.");
  assert.ok(!lines.some((line) => line.startsWith("Logs")));
});

test("a run shows its family, its key and its metadata", () => {
  const child = { ...run, id: "run_2", taskIdentifier: "greet", status: "EXECUTING" } as const;
  const relatedRuns = { parent: { ...run, id: "run_0" }, children: Array.from({ length: 22 }, () => child) };
  const text = plain(renderRunPage({ ...run, relatedRuns, idempotencyKey: "k", metadata: { step: 2 } }, [])).join("\n");
  assert.match(text, /parent +run_0\n.*key +k\n/s);
  assert.match(text, /Metadata\n {2}\{ step: 2 \}/);
  assert.match(text, /Children\n {2}run_2 {2}greet {2}EXECUTING\n[\s\S]* {2}and 2 or more/);
});

test("a run's length is its elapsed time at its end, and no length while its first attempt executes", () => {
  const times = { startedAt: "2026-01-02T03:04:06.000Z", finishedAt: "2026-01-02T03:04:07.500Z", durationMs: 300 };
  const done: RunDetail = { ...run, status: "COMPLETED", ...statusFlags("COMPLETED"), ...times, attemptCount: 1 };
  assert.deepEqual(plain(renderEndedRun(done)), ["✔ COMPLETED after 2.5 s"]);
  assert.match(plain(renderRunPage(done, [])).join("\n"), /executed for +300 ms/);
  const { startedAt } = times;
  const executing: RunDetail = { ...run, status: "EXECUTING", ...statusFlags("EXECUTING"), startedAt, attemptCount: 1 };
  assert.doesNotMatch(plain(renderRunPage(executing, [])).join("\n"), /executed for/);
});

test("times in a sentence of the server are those of this machine", () => {
  const iso = "2026-01-02T03:04:05.678Z";
  assert.equal(withLocalTimes(`It is due at ${iso}.`), `It is due at ${dateAndTime(new Date(iso))}.`);
});

test("a run that failed shows its error, its own frames, and the logs of each attempt", () => {
  const event = (attempt: number): RunEvent => ({
    kind: "log",
    at: run.createdAt,
    attempt,
    level: "info",
    message: `try ${attempt}`,
  });
  const error = {
    name: "RangeError",
    message: "out of tea",
    stackTrace: "RangeError: out of tea\n    at deep (/srv/app/trigger/a.ts:5:32)\n    at node:internal/x:1:1",
  };
  const text = plain(
    renderRunPage({ ...run, status: "FAILED", ...statusFlags("FAILED"), error, attemptCount: 2 }, [event(1), event(2)]),
  ).join("\n");
  assert.match(text, /Error\n {2}RangeError: out of tea\n {4}at deep \(\/srv\/app\/trigger\/a\.ts:5:32\)\n\nLogs\n/);
  assert.match(text, /attempt 1\n.*try 1\n {2}attempt 2\n.*try 2$/);
});

test("frames of Node and of Pawl are left out, the user's are shortened", () => {
  const stack = [
    "Error: x",
    "    at work (/srv/app/trigger/a.ts:1:2)",
    "    at lib (file:///srv/app/node_modules/lib/index.js:3:4)",
    "    at run (/srv/app/node_modules/@pawl/worker/dist/child/execution.js:1:1)",
    "    at node:internal/process/task_queues:104:5",
  ].join("\n");
  assert.deepEqual(userFrames(stack, "/srv/app"), [
    "at work (trigger/a.ts:1:2)",
    "at lib (node_modules/lib/index.js:3:4)",
  ]);
});

test("an error for the user is its sentence, any other shows its stack", () => {
  const error = new CommandError("Port 1 is taken: choose another.", { details: ["more"] });
  assert.deepEqual(plain(renderErrorMessage(error)), ["✖ Port 1 is taken: choose another.", "  more"]);
  assert.deepEqual(errorAsJson(error), { error: "Port 1 is taken: choose another.", details: ["more"] });
  assert.match(plain(renderErrorMessage(new TypeError("bug"))).join("\n"), /^✖ TypeError: bug\n {4}at /);
});

test("the start shows server, version and tasks; a later version is one line", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  const ready = {
    type: "version_ready",
    label: "20260102.1",
    tasks: [{ id: "hello", filePath: "trigger/hello.ts" }],
    durationMs: 120,
  } as const;
  assert.deepEqual(plain(renderDevEvent({ ...ready, isFirst: true }, at)), [
    "  Version  20260102.1",
    "  Tasks    hello  trigger/hello.ts",
    "",
  ]);
  assert.deepEqual(plain(renderDevEvent({ ...ready, isFirst: false }, at)), [
    "03:04:05 ↻ Version 20260102.1 is loaded: 1 task, 120 ms",
  ]);
});

test("a server that could not have the default port says who has it", () => {
  const ready = { type: "server_ready", apiUrl: "http://127.0.0.1:43211", isOwn: true } as const;
  const lineFor = (event: DevEvent) => plain(renderDevEvent(event, new Date())).join();
  assert.equal(lineFor(ready), "  Server   http://127.0.0.1:43211  (started for this project)");
  const taken = { port: 3030, pid: 17 };
  assert.equal(lineFor({ ...ready, taken }), "  Server   http://127.0.0.1:43211  (3030 is taken by pid 17)");
});

test("lines of a run begin with the same short id", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5);
  const runId = "run_06a4zzzzabc123";
  const logged = { type: "run_log", runId, level: "info", message: "hi", attributes: { to: "Ada" } } as const;
  const lines = [
    ...renderDevEvent({ type: "run_started", runId, taskId: "hello", attempt: 1 }, at),
    ...renderDevEvent(logged, at),
    ...renderDevEvent({ type: "run_finished", runId, taskId: "hello", attempt: 1, durationMs: 5, error: null }, at),
  ];
  assert.deepEqual(plain(lines), [
    `03:04:05 ▶ abc123 hello ${runId}`,
    "03:04:05   abc123 info  hi { to: 'Ada' }",
    `03:04:05 ✔ abc123 hello ${runId} completed in 5 ms`,
  ]);
});

test("a failed run shows its attempt, its error and where it was thrown", () => {
  const error = { name: "Error", message: "no", stackTrace: "Error: no\n    at f (/elsewhere/a.ts:1:1)" };
  const lines = plain(
    renderDevEvent(
      { type: "run_finished", runId: "run_1", taskId: "hello", attempt: 2, durationMs: 48, error },
      new Date(2026, 0, 2, 3, 4, 5),
    ),
  );
  assert.deepEqual(lines, [
    "03:04:05 ✖ run_1 hello run_1 attempt 2 failed after 48 ms",
    "           Error: no",
    "             at f (/elsewhere/a.ts:1:1)",
  ]);
});

test("a frame of a built-in function is left out", () => {
  const stackTrace = "Error: no\n    at Array.map (<anonymous>)\n    at <anonymous> (/elsewhere/a.ts:1:1)";
  const finished = { type: "run_finished", runId: "run_1", taskId: "hello", attempt: 1, durationMs: 48 } as const;
  const lines = renderDevEvent({ ...finished, error: { message: "no", stackTrace } }, new Date());
  assert.deepEqual(plain(lines).slice(1), ["           no", "             at <anonymous> (/elsewhere/a.ts:1:1)"]);
});

test("a run that was cancelled has not failed", () => {
  const error = { name: "TASK_RUN_CANCELLED", message: "Somebody cancelled the run." };
  const lines = renderDevEvent(
    { type: "run_finished", runId: "run_1", taskId: "hello", attempt: 1, durationMs: 48, error },
    new Date(2026, 0, 2, 3, 4, 5),
  );
  assert.deepEqual(plain(lines), ["03:04:05 ■ run_1 hello run_1 cancelled after 48 ms"]);
});

test("a failed attempt that is not the last one says when the next one comes", () => {
  const failed = { type: "run_finished", runId: "run_1", taskId: "hello", attempt: 1, durationMs: 23 } as const;
  const [line] = renderDevEvent({ ...failed, error: { message: "no" }, nextAttemptInMs: 1_200 }, new Date());
  assert.match(plain([line ?? ""]).join(), /attempt 1 failed after 23 ms, next attempt in 1\.2 s$/);
});
