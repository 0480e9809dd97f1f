import assert from "node:assert/strict";
import { test } from "node:test";
import type { SentHostMessage } from "@pawl/contract/worker-protocol";
import { withHost } from "../fixtures/host-under-test.ts";
import { oneProcess, outputOf, push, pushExecuting, pushParked, untilTrue } from "../fixtures/waiting-runs.ts";
import { Calls } from "./calls.ts";
import { HeldRuns } from "./held-runs.ts";

// What code of runs asks for, on its way through a real host.

test("calls of one turn share a message, and each answer reaches its own call", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const messages: number[] = [];
    server.answerOf = ({ request, call }) => {
      messages.push(call);
      return { value: request.kind === "trigger" ? `for ${request.payload}` : null };
    };
    assert.deepEqual(await outputOf(parts, push(parts, "trigger", { count: 3 })), ["for 0", "for 1", "for 2"]);
    assert.deepEqual(messages, [1, 2, 3]);
  }));

test("an error is thrown in the code", () =>
  withHost(oneProcess, async (parts) => {
    parts.server.answerOf = () => ({ error: { code: "unknown_version", message: "There is no such version." } });
    const result = await parts.server.resultOf(push(parts, "trigger", { count: 1 }));
    assert.ok(result.kind === "failed" && result.error.type === "BUILT_IN_ERROR", JSON.stringify(result));
    assert.match(result.error.message, /no such version/);
  }));

test("a call without an answer is sent again after a reconnect, under its number", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    server.answerOf = () => null;
    const run = push(parts, "trigger", { count: 2 });
    await server.until(() => server.calls.length === 2);
    const [first] = server.calls;
    assert.ok(first);
    server.answer(first, { value: "answered once" });
    server.answerOf = ({ call }) => ({ value: `answered ${call}` });
    server.disconnect();
    await server.resultOf(run);
    const numbers = server.callsOf(run).map(({ call }) => call);
    assert.deepEqual(numbers, [1, 2], "no new numbers");
    assert.equal(((await outputOf(parts, run)) as string[])[1], "answered 2");
  }));

test("calls of a run whose claim was lost are answered with an error, without the server", () =>
  withHost(oneProcess, async (parts) => {
    const { server, host } = parts;
    server.answerOf = () => null;
    const run = await pushExecuting(parts, "log-refusal");
    await server.until(() => server.calls.length === 1);
    server.lost = [{ runId: run.runId, fence: 1 }];
    server.disconnect();
    await server.until(() => server.hellos.length === 2);
    await untilTrue(() => host.status().heldRuns === 0);
    await server.until(() => server.telemetry.some(({ message }) => message === "refused: lost_claim"));
    assert.equal(server.calls.length, 1, "it was not sent again");
  }));

test("a call that is not awaited reaches the server all the same", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const run = await pushParked(parts, "wait-beside-trigger");
    await server.until(() => server.callsOf(run).some(({ request }) => request.kind === "trigger"));
  }));

test("a message stays within the limit of control", async () => {
  const sent: SentHostMessage[] = [];
  const calls = new Calls((message) => sent.push(message) > 0);
  const held = new HeldRuns();
  const run = held.add(
    {
      ...{ runId: "run_1", fence: 1, attempt: 1, isStarted: true, taskId: "t", versionId: "v", queueName: "q" },
      ...{ payloadType: "application/json", isPayloadStored: false, maxAttempts: 1, isTest: false, tags: [] },
      ...{ createdAt: new Date(0).toISOString(), traceId: "" },
    },
    "executing",
    0,
  );
  assert.ok(run);
  const payload = "x".repeat(100 * 1024);
  for (let call = 1; call <= 5; call++) {
    calls.add(run, { runId: "run_1", call, request: { kind: "trigger", taskId: "t", payload, options: {} } });
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    sent.map((message) => (message.type === "calls" ? message.calls.map(({ call }) => call) : [])),
    [[1, 2], [3, 4], [5]],
  );
  calls.forget(run);
  calls.resend();
  assert.equal(sent.length, 3, "calls of a run that has ended are dropped");
});
