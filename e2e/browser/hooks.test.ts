import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { auth, runs, tasks, wait } from "@pawl/sdk";
import { testWithTool } from "@pawl/testkit/needs-tool";
import type { Browser } from "playwright-core";
import type { echo, gated } from "../projects/engine/trigger/plain.ts";
import { type EngineStage, ended, openEngine, untilStatus } from "../stage/engine.ts";
import { killServer } from "../stage/platform.ts";
import { type HooksPage, openBrowser, openHooksPage, serveFolder } from "./browser.ts";
import { buildPage, type HooksPackage } from "./build-page.ts";

// The same components, with our hooks and with those of the original's published package, in one browser.

interface ShownRun {
  readonly id: string;
  readonly status: string;
  readonly isCompleted: boolean;
  readonly output?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
}
interface OneRun {
  readonly run: ShownRun | null;
  readonly error?: string;
}
interface ManyRuns {
  readonly runs: readonly ShownRun[];
  readonly error?: string;
}

testWithTool("chromium", "hooks follow, trigger and complete in a browser", async (chromium, t) => {
  const engine = await openEngine(t);
  const browser = await openBrowser(t, chromium);
  for (const hooks of ["@pawl/react-hooks", "@trigger.dev/react-hooks"] as const) {
    await t.test(hooks, (t) => testHooks(t, engine, browser, hooks));
  }
});

async function testHooks(t: TestContext, engine: EngineStage, browser: Browser, hooks: HooksPackage): Promise<void> {
  const dir = engine.stage.path(hooks);
  await buildPage(hooks, dir);
  const page = await openHooksPage(browser, await serveFolder(t, dir));
  const baseURL = engine.server.apiUrl;
  const asWhoReads = async (scopes: Parameters<typeof auth.createPublicToken>[0]) => ({
    accessToken: await auth.createPublicToken(scopes),
    baseURL,
  });

  await t.test("useRealtimeRun shows a run from before it starts until it has ended", async () => {
    const gate = engine.gate(`${hooks}-followed`);
    const handle = await tasks.trigger<typeof gated>("gated", { gate }, { metadata: { step: 1 } });
    await page.show({
      component: "RealtimeRun",
      props: { runId: handle.id },
      auth: { accessToken: handle.publicAccessToken ?? "", baseURL },
    });
    const { state } = await page.untilShown<OneRun>("EXECUTING", ({ run }) => run?.status === "EXECUTING");
    assert.deepEqual([state.run?.id, state.run?.metadata], [handle.id, { step: 1 }]);
    await engine.open(`${hooks}-followed`);
    const last = await page.untilShown<OneRun>("its end", ({ run }) => run?.isCompleted === true);
    assert.deepEqual([last.state.run?.status, last.state.run?.output], ["COMPLETED", "open"]);
    await page.page.getByText("open", { exact: true }).waitFor();
    await page.click("completions");
    assert.deepEqual(await page.page.evaluate("globalThis.completions"), [handle.id]);
  });

  // The original's hooks lose the request that StrictMode makes them begin twice, and can't end it.
  if (hooks === "@pawl/react-hooks") await testOwnPromises(t, engine, page, asWhoReads);

  await t.test("useRealtimeRunsWithTag shows runs with a tag, also those that come later", async () => {
    const tags = [`${hooks}-tag`];
    const first = await ended(await tasks.trigger<typeof echo>("echo", 1, { tags }));
    await page.show({
      component: "TaggedRuns",
      props: { tag: tags[0], options: { createdAt: "1h" } },
      auth: await asWhoReads({ scopes: { read: { tags } } }),
    });
    await page.untilShown<ManyRuns>("the first run", ({ runs }) => runs[0]?.isCompleted === true);
    const second = await tasks.trigger<typeof echo>("echo", 2, { tags });
    const isDone = ({ runs }: ManyRuns) => runs.length === 2 && runs.every((run) => run.isCompleted);
    const { state } = await page.untilShown<ManyRuns>("both", isDone);
    assert.deepEqual(
      state.runs.map(({ id, output }) => [id, output]),
      [
        [first.id, 1],
        [second.id, 2],
      ],
    );
  });

  await t.test("useRealtimeBatch shows the runs of a batch", async () => {
    const items = [1, 2, 3].map((payload) => ({ payload }));
    const { batchId } = await tasks.batchTrigger<typeof echo>("echo", items);
    const auth = await asWhoReads({ scopes: { read: { batch: batchId } } });
    await page.show({ component: "BatchRuns", props: { batchId }, auth });
    const isDone = ({ runs }: ManyRuns) => runs.length === 3 && runs.every((run) => run.isCompleted);
    const { state } = await page.untilShown<ManyRuns>("all three", isDone);
    assert.deepEqual(state.runs.map(({ output }) => output).sort(), [1, 2, 3]);
  });

  await t.test("useTaskTrigger makes a run, with the token that comes with it", async () => {
    const accessToken = await auth.createTriggerPublicToken("echo");
    await page.show({ component: "Trigger", props: { payload: { from: hooks } }, auth: { accessToken, baseURL } });
    await page.click("submit");
    const { state } = await page.untilShown<{ id?: string; hasToken: boolean }>(
      "a handle",
      ({ id }) => id !== undefined,
    );
    assert.equal(state.hasToken, true);
    const run = await ended({ id: state.id ?? "" });
    assert.deepEqual([run.output, run.tags], [{ from: hooks }, ["from-page"]]);
  });

  await t.test("useRealtimeTaskTrigger makes a run and follows it", async () => {
    const accessToken = await auth.createTriggerPublicToken("echo");
    await page.show({ component: "TriggerAndFollow", props: { payload: "both", options: { accessToken, baseURL } } });
    await page.click("submit");
    const { state } = await page.untilShown<OneRun>("its end", ({ run }) => run?.isCompleted === true);
    assert.equal(state.run?.output, "both");
  });

  await t.test("useRun shows a run, and looks again as often as it is told", async () => {
    const gate = engine.gate(`${hooks}-looked`);
    const handle = await tasks.trigger<typeof gated>("gated", { gate });
    await untilStatus(handle, "EXECUTING");
    const auth = { accessToken: handle.publicAccessToken ?? "", baseURL };
    const lookEvery = (refreshInterval: number) =>
      page.show({ component: "LookedAt", props: { runId: handle.id, options: { refreshInterval } }, auth });
    await lookEvery(0);
    await page.untilShown<OneRun>("that it executes", ({ run }) => run?.status === "EXECUTING");
    await lookEvery(100);
    await engine.open(`${hooks}-looked`);
    const { state } = await page.untilShown<OneRun>("its end", ({ run }) => run?.isCompleted === true);
    assert.equal(state.run?.output, "open");
    const all = await page.allShown<OneRun>();
    assert.ok(
      all.every(({ state: { run } }) => run != null),
      "what was shown stays while it is looked at again",
    );
  });

  await t.test("useWaitToken completes a token", async () => {
    const token = await wait.createToken({ timeout: "1h" });
    const auth = { accessToken: token.publicAccessToken ?? "", baseURL };
    await page.show({ component: "Decision", props: { tokenId: token.id }, auth });
    await page.click("complete");
    await page.untilShown<{ isCompleted: boolean }>("that it is completed", ({ isCompleted }) => isCompleted);
    const { status, output } = await wait.retrieveToken(token);
    assert.deepEqual([status, output], ["COMPLETED", { approved: true }]);
  });

  await t.test("how soon a change is on the page", async (t) => {
    const latenciesMs = await latencies(engine, page, await tasks.trigger<typeof echo>("echo", 1, { delay: "1h" }));
    const sorted = latenciesMs.toSorted((a, b) => a - b);
    t.diagnostic(`from call to page: p50 ${sorted[15]?.toFixed(1)} ms, p90 ${sorted[27]?.toFixed(1)} ms`);
  });

  assert.deepEqual(page.complaints(/status of (401|403)/), []);
  await t.test("useRealtimeRun goes on when the server was away", () => testRestart(engine, page, hooks));
  // Chromium says so of each request without a good answer: 409 is the new server, which does not know what was read before.
  assert.deepEqual(page.complaints(/net::ERR_|status of (401|403|409)/), []);
  await page.page.close();
}

async function testOwnPromises(
  t: TestContext,
  engine: EngineStage,
  page: HooksPage,
  tokenFor: (scopes: Parameters<typeof auth.createPublicToken>[0]) => Promise<{ accessToken: string; baseURL: string }>,
): Promise<void> {
  const baseURL = engine.server.apiUrl;
  const reader = await tokenFor({ scopes: { read: { tasks: "echo" } } });
  const delayed = () => tasks.trigger<typeof echo>("echo", 1, { delay: "1h" });
  const [first, second] = [await delayed(), await delayed()];

  await t.test("another id is followed in place of the first, and stop and unmounting end the request", async () => {
    await page.show({ component: "RealtimeRun", props: { runId: first.id }, auth: reader });
    await page.untilShown<OneRun>("the first", ({ run }) => run?.id === first.id);
    assert.equal(beginnings(page, first.id), 1);
    const firstEnded = untilAborted(page, first.id);
    await page.show({ component: "RealtimeRun", props: { runId: second.id }, auth: reader });
    await page.untilShown<OneRun>("the second", ({ run }) => run?.id === second.id);
    await firstEnded;
    const secondEnded = untilAborted(page, second.id);
    await page.click("stop");
    await secondEnded;
    await page.show({ component: "RealtimeRun", props: { runId: first.id }, auth: reader });
    await page.untilShown<OneRun>("the first again", ({ run }) => run?.id === first.id);
    const unmounted = untilAborted(page, first.id);
    await page.show({});
    await unmounted;
  });

  await t.test("components that show the same run share one request", async () => {
    await page.show({ component: "Twins", props: { runId: first.id }, auth: reader });
    await page.untilShown<readonly (ShownRun | null)[]>("both", (twins) => twins.every((run) => run?.id === first.id));
    assert.equal(beginnings(page, first.id), 1);
  });

  await t.test("another token goes on with what is shown", async () => {
    await page.show({ component: "RealtimeRun", props: { runId: first.id }, auth: reader });
    await page.untilShown<OneRun>("the run", ({ run }) => run?.id === first.id);
    const other = { accessToken: first.publicAccessToken ?? "", baseURL };
    await page.show({ component: "RealtimeRun", props: { runId: first.id }, auth: other });
    await engine.api.call("POST", `/api/v1/runs/${first.id}/tags`, JSON.stringify({ tags: ["seen"] }));
    await runs.reschedule(first, { delay: "2h" });
    await engine.api.call("PUT", `/api/v1/runs/${first.id}/metadata`, JSON.stringify({ metadata: { later: true } }));
    await page.untilShown<OneRun>("a change", ({ run }) => run?.metadata?.later === true);
    for (const { state } of await page.allShown<OneRun>()) assert.equal(state.run?.id, first.id);
  });

  await t.test("what is missing or refused is said, with what to do", async () => {
    await page.show({ component: "RealtimeRun", props: { runId: first.id } });
    const says = async (text: RegExp) => page.untilShown<OneRun>(String(text), ({ error = "" }) => text.test(error));
    await says(/useRealtimeRun has no accessToken\. .*TriggerAuthContext/);
    await page.show({ component: "RealtimeRun", props: { runId: first.id, options: { accessToken: "x" } } });
    await says(/no baseURL/);
    await page.show({ component: "RealtimeRun", props: { runId: first.id, options: { enabled: false } } });
    await page.untilShown<OneRun>("no error", ({ error }) => error === undefined);
    const short = await auth.createPublicToken({ scopes: { read: { tasks: "echo" } }, expirationTime: "2s" });
    await page.show({
      component: "LookedAt",
      props: { runId: second.id, options: { refreshInterval: 200 } },
      auth: { accessToken: short, baseURL },
    });
    await says(/401 The server does not take this access token.*refreshAccessToken/);
    await page.show({ component: "RealtimeRun", props: { runId: second.id }, auth: { accessToken: short, baseURL } });
    await says(/401 The server does not take this access token/);
    await page.show({
      component: "Refreshed",
      props: { runId: second.id, next: reader.accessToken },
      auth: { accessToken: short, baseURL },
    });
    await page.untilShown<OneRun>("the run with another token", ({ run }) => run?.id === second.id);
    const taskToken = await auth.createTriggerPublicToken("gated");
    await page.show({ component: "Trigger", props: { payload: 1 }, auth: { accessToken: taskToken, baseURL } });
    await page.click("submit");
    await says(/403/);
    assert.deepEqual(page.complaints(/status of (401|403)/), []);
  });
  for (const { id } of [first, second]) await runs.cancel(id);
}

/** How often a run was asked for from its beginning. */
function beginnings(page: HooksPage, runId: string): number {
  return page.requests.filter((text) => text.includes(`${runId}?`) && text.includes("offset=-1")).length;
}

async function untilAborted(page: HooksPage, runId: string): Promise<void> {
  await page.page.waitForEvent("requestfailed", (request) => request.url().includes(runId));
}

async function latencies(
  engine: EngineStage,
  page: HooksPage,
  handle: { readonly id: string; readonly publicAccessToken?: string },
): Promise<readonly number[]> {
  const auth = { accessToken: handle.publicAccessToken ?? "", baseURL: engine.server.apiUrl };
  await page.show({ component: "RealtimeRun", props: { runId: handle.id }, auth });
  await page.untilShown<OneRun>("the run", ({ run }) => run?.id === handle.id);
  const latenciesMs: number[] = [];
  for (let step = 0; step < 30; step++) {
    const changedMs = performance.timeOrigin + performance.now();
    const body = JSON.stringify({ metadata: { step } });
    await engine.api.call("PUT", `/api/v1/runs/${handle.id}/metadata`, body);
    const { atMs } = await page.untilShown<OneRun>(`step ${step}`, ({ run }) => run?.metadata?.step === step);
    latenciesMs.push(atMs - changedMs);
  }
  await runs.cancel(handle.id);
  return latenciesMs;
}

async function testRestart(engine: EngineStage, page: HooksPage, hooks: string): Promise<void> {
  const gate = engine.gate(`${hooks}-restart`);
  const handle = await tasks.trigger<typeof gated>("gated", { gate });
  const auth = { accessToken: handle.publicAccessToken ?? "", baseURL: engine.server.apiUrl };
  await page.show({ component: "RealtimeRun", props: { runId: handle.id }, auth });
  await page.untilShown<OneRun>("that it executes", ({ run }) => run?.status === "EXECUTING");
  const restart = await killServer(engine.stage, engine.server);
  await engine.open(`${hooks}-restart`);
  Object.assign(engine.server, await restart());
  await page.untilShown<OneRun>("its end", ({ run }) => run?.status === "COMPLETED");
}
