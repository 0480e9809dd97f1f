import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { testWithTool } from "@pawl/testkit/needs-tool";
import { type StagedServer, startServer } from "../stage/platform.ts";
import { openStage } from "../stage/stage.ts";
import { openBrowser } from "./browser.ts";

const phone = { viewport: { width: 360, height: 640 }, colorScheme: "dark" } as const;

/** Begins a login as a command-line tool does; answers with its address and the code that the server has printed. */
async function beginLogin({ apiUrl, command }: StagedServer, callbackPort?: number) {
  const codeChallenge = createHash("sha256").update("secret").digest("base64url");
  const response = await fetch(`${apiUrl}/api/v1/authorization-code`, {
    method: "POST",
    body: JSON.stringify({ codeChallenge, codeChallengeMethod: "S256", callbackPort }),
  });
  const { url } = (await response.json()) as { url: string };
  const code = await command.untilWritten("code", ({ stderr }) => {
    const line = stderr.split("\n").find((text) => text.includes(`as login ${url.split("/").at(-1)?.slice(0, 6)}.`));
    return /enter the code (\S+) on the page/.exec(line ?? "")?.[1];
  });
  return { url, code };
}

/** What a tool listens with on its own machine; answers the query that the browser came with. */
async function listen(t: TestContext) {
  const server = createServer((_request, response) => response.end("signed in")).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const asked = once(server, "request").then(([request]) => new URL(String(request.url), "http://127.0.0.1"));
  return { port: (server.address() as AddressInfo).port, asked };
}

testWithTool("chromium", "a login is approved in a browser, on a phone and in the dark", async (chromium, t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  const browser = await openBrowser(t, chromium);
  const page = await browser.newPage(phone);
  const complaints: string[] = [];
  page.on("console", (message) => void complaints.push(message.text()));

  await t.test("with a code to bring back", async () => {
    const { url, code } = await beginLogin(server);
    await page.goto(url);
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    assert.equal(await background(), "rgb(22, 23, 26)", "the page's style is let in, and dark");
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    await page.getByLabel("Code from the server").fill("AAAA-AAAA");
    await page.getByRole("button").click();
    await page.getByRole("alert").filter({ hasText: "4 tries are left" }).waitFor();
    await page.getByLabel("Code from the server").fill(code.toLowerCase());
    await page.keyboard.press("Enter");
    assert.match((await page.locator("output").textContent()) ?? "", /^\w{4}-\w{4}-\w{4}$/);
    await page.goto(url);
    await page.getByRole("heading", { name: "This login is over" }).waitFor();
  });

  await t.test("with the tool on the same machine, whose port the browser is led to", async () => {
    const tool = await listen(t);
    const { url, code } = await beginLogin(server, tool.port);
    await page.goto(url);
    await page.getByLabel("Code from the server").fill(code);
    await page.getByRole("button").click();
    await page.getByText("signed in").waitFor();
    assert.match((await tool.asked).searchParams.get("approval_code") ?? "", /^\w{4}-\w{4}-\w{4}$/);
  });

  assert.deepEqual(
    complaints.filter((text) => !text.includes("favicon") && !text.includes("404") && !text.includes("410")),
    [],
  );
});
