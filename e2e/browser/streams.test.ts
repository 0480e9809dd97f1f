import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { auth, tasks } from "@pawl/sdk";
import { testWithTool } from "@pawl/testkit/needs-tool";
import type { Browser } from "playwright-core";
import type { conversation } from "../projects/engine/trigger/conversation.ts";
import { type EngineStage, ended, openEngine } from "../stage/engine.ts";
import { killServer } from "../stage/platform.ts";
import { type HooksPage, openBrowser, openHooksPage, serveFolder } from "./browser.ts";
import { buildPage, type HooksPackage } from "./build-page.ts";

interface ShownConversation {
  readonly parts: readonly string[];
  readonly isReady: boolean;
  readonly error?: string;
}
interface ShownWithStreams {
  readonly id?: string;
  readonly run: { readonly status: string } | null;
  readonly lines?: readonly string[];
  readonly error?: string;
}

testWithTool("chromium", "hooks read streams and send to them in a browser", async (chromium, t) => {
  const engine = await openEngine(t);
  const browser = await openBrowser(t, chromium);
  for (const hooks of ["@pawl/react-hooks", "@trigger.dev/react-hooks"] as const) {
    await t.test(hooks, (t) => testStreams(t, engine, browser, hooks));
  }
});

async function testStreams(t: TestContext, engine: EngineStage, browser: Browser, hooks: HooksPackage): Promise<void> {
  const dir = engine.stage.path(hooks);
  await buildPage(hooks, dir);
  const page = await openHooksPage(browser, await serveFolder(t, dir));
  const baseURL = engine.server.apiUrl;

  await t.test("useRealtimeStream shows parts as they come, and useInputStreamSend asks for more", async (t) => {
    const handle = await tasks.trigger<typeof conversation>("conversation", null);
    const auth = { accessToken: handle.publicAccessToken ?? "", baseURL };
    const show = (asks: string) => page.show({ component: "Conversation", props: { runId: handle.id, asks }, auth });
    const say = async (asks: string) => {
      await show(asks);
      await page.click("send");
    };
    await show("");
    await page.untilShown<ShownConversation>("its first line", ({ parts }) => parts[0] === "Ask me.");
    await say("one two three");
    const { state } = await page.untilShown<ShownConversation>("the answer", ({ parts }) => parts.length === 4);
    assert.deepEqual([state.parts, state.isReady], [["Ask me.", "one", "two", "three"], true]);
    const latenciesMs: number[] = [];
    for (let count = 5; count <= 15; count++) {
      const askedMs = performance.timeOrigin + performance.now();
      await say("again");
      const { atMs } = await page.untilShown<ShownConversation>("a word", ({ parts }) => parts.length === count);
      latenciesMs.push(atMs - askedMs);
    }
    latenciesMs.sort((a, b) => a - b);
    t.diagnostic(`from click over the run to the page: p50 ${latenciesMs[5]?.toFixed(1)} ms`);
    await say("");
    assert.equal((await ended(handle)).output, 12);
    await page.show({});
    await show("");
    await page.untilShown<ShownConversation>("all of it again", ({ parts }) => parts.length === 15);
  });

  await t.test("useRealtimeStream begins where it is told", async () => {
    const handle = await tasks.trigger<typeof conversation>("conversation", null);
    const auth = { accessToken: handle.publicAccessToken ?? "", baseURL };
    for (const asks of ["a b c", ""]) {
      await page.show({ component: "Conversation", props: { runId: handle.id, asks }, auth });
      await page.click("send");
    }
    await ended(handle);
    await page.show({});
    const options = { startIndex: 2 };
    await page.show({ component: "Conversation", props: { runId: handle.id, asks: "", options }, auth });
    const { state } = await page.untilShown<ShownConversation>("the rest", ({ parts }) => parts.length === 2);
    assert.deepEqual(state.parts, ["b", "c"]);
  });

  await t.test("useRealtimeTaskTriggerWithStreams and useRealtimeRunWithStreams show run and streams", async () => {
    const accessToken = await auth.createTriggerPublicToken("conversation");
    await page.show({ component: "TriggerWithStreams", auth: { accessToken, baseURL } });
    await page.click("submit");
    const { state } = await page.untilShown<ShownWithStreams>(
      "its first line",
      ({ lines }) => lines?.[0] === "Ask me.",
    );
    const runId = state.id ?? "";
    for (const text of ["x y", ""]) {
      const body = JSON.stringify({ data: { text } });
      await engine.api.call("POST", `/realtime/v1/streams/${runId}/input/questions`, body);
    }
    const isDone = ({ run, lines }: ShownWithStreams) => run?.status === "COMPLETED" && lines?.length === 3;
    await page.untilShown<ShownWithStreams>("its end", isDone);
    await page.show({});
    const reader = { accessToken: await auth.createPublicToken({ scopes: { read: { runs: runId } } }), baseURL };
    await page.show({ component: "WithStreams", props: { runId }, auth: reader });
    const after = await page.untilShown<ShownWithStreams>("all of it", isDone);
    assert.deepEqual(after.state.lines, ["Ask me.", "x", "y"]);
  });

  if (hooks === "@pawl/react-hooks") {
    await t.test("another token goes on where the one before was, and so does a page after the server was away", () =>
      testGoesOn(engine, page),
    );
  }
  assert.deepEqual(page.complaints(/net::ERR_|status of 409/), []);
  await page.page.close();
}

async function testGoesOn(engine: EngineStage, page: HooksPage): Promise<void> {
  const { id, publicAccessToken = "" } = await tasks.trigger<typeof conversation>("conversation", null);
  const baseURL = engine.server.apiUrl;
  const other = { accessToken: await auth.createPublicToken({ scopes: { read: { runs: id } } }), baseURL };
  const ask = (text: string) =>
    engine.api.call("POST", `/realtime/v1/streams/${id}/input/questions`, JSON.stringify({ data: { text } }));
  const linesOf = ({ parts, lines = [] }: { readonly parts?: readonly string[]; readonly lines?: readonly string[] }) =>
    parts ?? lines;
  const all = ["Ask me."];
  for (const component of ["Conversation", "WithStreams"]) {
    const untilAll = () =>
      page.untilShown<Parameters<typeof linesOf>[0]>(`${all}`, (state) => linesOf(state).length === all.length);
    const props = { runId: id, asks: "" };
    await page.show({});
    await page.show({ component, props, auth: { accessToken: publicAccessToken, baseURL } });
    await untilAll();
    await page.show({ component, props, auth: other });
    await ask("two words");
    all.push("two", "words");
    assert.deepEqual(linesOf((await untilAll()).state), all);
    const restart = await killServer(engine.stage, engine.server);
    Object.assign(engine.server, await restart());
    await ask("after");
    all.push("after");
    assert.deepEqual(linesOf((await untilAll()).state), all);
    for (const { state } of await page.allShown<Parameters<typeof linesOf>[0]>()) {
      assert.deepEqual(linesOf(state), all.slice(0, linesOf(state).length), component);
      assert.ok(linesOf(state).length >= all.length - 3, "nothing that was shown is taken away");
    }
  }
  await ask("");
}
