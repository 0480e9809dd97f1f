import assert from "node:assert/strict";
import { test } from "node:test";
import type { SentHostMessage } from "@pawl/contract/worker-protocol";
import { Reporter } from "./reporter.ts";

type Report = Extract<SentHostMessage, { type: "report" }>;

function reporterUnderTest() {
  const sent: SentHostMessage[] = [];
  const state = { isConnected: true, capacity: { ready: 0, ahead: 0, processes: 4, afterPush: 0 } };
  const reporter = new Reporter({
    send(message) {
      if (state.isConnected) sent.push(message);
      return state.isConnected;
    },
    capacity: () => state.capacity,
  });
  const complete = (runId: string, output = "") =>
    reporter.result({ kind: "completed", runId, fence: 1, outputType: "text/plain", durationMs: 1, output });
  const reports = () => sent.filter((message): message is Report => message.type === "report");
  const idsOf = (report: Report | undefined) => report?.results.map(({ runId }) => runId);
  return { reporter, sent, state, complete, reports, idsOf };
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

test("large outputs are spread over reports", async () => {
  const { complete, reports, idsOf } = reporterUnderTest();
  const output = "x".repeat(3 * 1024 * 1024);
  for (const id of ["a", "b", "c"]) complete(id, output);
  await turn();
  assert.deepEqual(idsOf(reports()[0]), ["a", "b"]);
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
