import assert from "node:assert/strict";
import { test } from "node:test";
import {
  TriggerAuthContext,
  useInputStreamSend,
  useRealtimeBatch,
  useRealtimeRun,
  useRealtimeRunsWithTag,
  useRealtimeRunWithStreams,
  useRealtimeStream,
  useRealtimeTaskTrigger,
  useRealtimeTaskTriggerWithStreams,
  useRun,
  useTaskTrigger,
  useTriggerAuthContext,
  useWaitToken,
} from "@pawl/react-hooks";
import { createElement } from "react";
import { renderToString } from "react-dom/server";

function Everything() {
  const shown = [
    useRealtimeRun("run_1"),
    useRealtimeRunWithStreams("run_1"),
    useRealtimeRunsWithTag("tag"),
    useRealtimeBatch("batch_1"),
    useRealtimeStream("run_1", "key"),
    useTaskTrigger("task"),
    useRealtimeTaskTrigger("task"),
    useRealtimeTaskTriggerWithStreams("task"),
    useRun("run_1"),
    useWaitToken("waitpoint_1"),
    useInputStreamSend("stream", "run_1"),
  ];
  return createElement("pre", null, shown.map(({ error }) => error?.message ?? "quiet").join("\n"));
}

test("on a server every hook renders, and asks for nothing", async (t) => {
  const asked = t.mock.method(globalThis, "fetch", () => Promise.reject(new Error("nothing may be asked for")));
  const value = { accessToken: "token", baseURL: "http://127.0.0.1:9" };
  const html = renderToString(createElement(TriggerAuthContext.Provider, { value }, createElement(Everything)));
  assert.equal(html, `<pre>${Array(11).fill("quiet").join("\n")}</pre>`);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(asked.mock.callCount(), 0);
});

test("without a token each hook that follows says what is missing", () => {
  const lines = renderToString(createElement(Everything)).split("\n");
  assert.equal(lines.filter((line) => /has no accessToken/.test(line)).length, 6);
  assert.match(lines[0] ?? "", /useRealtimeRun has no accessToken.*auth\.createPublicToken/);
});

test("whoever asks for the context without a provider is told what to put where", () => {
  const Asking = () => createElement("p", null, useTriggerAuthContext().baseURL);
  assert.throws(() => renderToString(createElement(Asking)), /<TriggerAuthContext\.Provider/);
});
