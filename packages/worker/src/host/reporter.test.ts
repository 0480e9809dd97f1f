import assert from "node:assert/strict";
import { test } from "node:test";
import type { Capacity, RunResult, SentHostMessage } from "@pawl/contract/worker-protocol";
import { Reporter } from "./reporter.ts";

type Report = Extract<SentHostMessage, { type: "report" }>;

function reporterUnderTest() {
  const sent: SentHostMessage[] = [];
  const stored: (() => void)[] = [];
  const inPlace = (result: RunResult): RunResult =>
    result.kind === "failed" ? result : { ...result, output: "path", outputType: "application/store" };
  const capacity: Capacity = { ready: 0, ahead: 0, processes: 4, afterPush: 0 };
  const state = { isConnected: true, capacity };
  const reporter = new Reporter({
    send(message) {
      if (state.isConnected) sent.push(message);
      return state.isConnected;
    },
    capacity: () => state.capacity,
    storeOutput: (result) => new Promise((resolve) => stored.push(() => resolve(inPlace(result)))),
  });
  const complete = (runId: string, output = "") =>
    reporter.result({ kind: "completed", runId, fence: 1, outputType: "text/plain", durationMs: 1, output });
  const reports = () => sent.filter((message): message is Report => message.type === "report");
  const idsOf = (report: Report | undefined) => report?.results.map(({ runId }) => runId);
  return { reporter, sent, stored, state, complete, reports, idsOf };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("results of one turn share a report; two are on their way at most; the rest joins the next one", async () => {
  const { reporter, complete, reports, idsOf } = reporterUnderTest();
  complete("a");
  complete("b");
  await turn();
  complete("c");
  await turn();
  complete("d");
  await turn();
  complete("e");
  await turn();
  assert.deepEqual(reports().map(idsOf), [["a", "b"], ["c"]]);
  reporter.acked(1, []);
  await turn();
  assert.deepEqual(idsOf(reports()[2]), ["d", "e"]);
});

test("reports without an ack are sent again in order after a reconnect, and count as held", async () => {
  const { reporter, state, complete, reports } = reporterUnderTest();
  complete("a");
  await turn();
  complete("b");
  await turn();
  state.isConnected = false;
  complete("c");
  assert.deepEqual(
    [...reporter.claims()].map(({ runId }) => runId),
    ["a", "b", "c"],
  );
  state.isConnected = true;
  reporter.resend();
  assert.deepEqual(
    reports().map(({ report }) => report),
    [1, 2, 1, 2],
  );
});

test("outputs are spread over reports where they are much together", async () => {
  const { complete, reports } = reporterUnderTest();
  const output = "x".repeat(128 * 1024);
  for (let n = 0; n < 40; n++) complete(`run${n}`, output);
  await turn();
  assert.equal(reports()[0]?.results.length, 32);
});

test("runs that were started in advance are taken off what the server may hold ahead here", async () => {
  const { reporter, sent, state } = reporterUnderTest();
  state.capacity = { ...state.capacity, ready: 1, ahead: 5, inAdvance: 4 };
  reporter.wake();
  await turn();
  reporter.pushed(4, 1);
  state.capacity = { ...state.capacity, ready: 0, ahead: 1, inAdvance: 0 };
  reporter.wake();
  await turn();
  assert.equal(sent.length, 1);
  assert.equal(reporter.isOvertold(state.capacity), false);
});

test("capacity is told when it has grown beyond what the server believes", async () => {
  const { reporter, sent, state } = reporterUnderTest();
  reporter.wake();
  await turn();
  assert.equal(sent.length, 0);
  state.capacity = { ...state.capacity, ready: 2 };
  reporter.wake();
  await turn();
  assert.equal(sent.length, 1);
  reporter.pushed(2, 0);
  state.capacity = { ...state.capacity, ready: 1 };
  reporter.wake();
  await turn();
  assert.equal(sent.length, 2);
});

test("tells when everything is acknowledged", async () => {
  const { reporter, complete } = reporterUnderTest();
  complete("a");
  await turn();
  const empty = reporter.whenEmpty();
  reporter.acked(1, []);
  await empty;
  assert.ok(reporter.isEmpty);
});

test("a long output is stored before its report, which delays no other; its run is held meanwhile", async () => {
  const { reporter, stored, complete, reports, idsOf } = reporterUnderTest();
  complete("long", "x".repeat(128 * 1024 + 1));
  complete("short", "x".repeat(128 * 1024));
  await turn();
  assert.deepEqual(reports().map(idsOf), [["short"]]);
  assert.deepEqual([...reporter.claims()].map(({ runId }) => runId).sort(), ["long", "short"]);
  assert.equal(reporter.isEmpty, false);
  for (const resolve of stored) resolve();
  await turn();
  await turn();
  assert.deepEqual(reports().map(idsOf), [["short"], ["long"]]);
  const [result] = reports()[1]?.results ?? [];
  assert.deepEqual(result?.kind === "completed" && [result.output, result.outputType], ["path", "application/store"]);
});
