import assert from "node:assert/strict";
import { test } from "node:test";
import { openExample } from "./example-stage.ts";

test("an expense is approved on the page, by its address, by rule, or by nobody", async (t) => {
  const example = await openExample(t, "approval");
  const desk = example.start(["app/desk.ts", "0"]);
  const deskUrl = await desk.untilWritten("address", ({ stdout }) => /http:\S+/.exec(stdout)?.[0]);
  const ask = (...args: readonly string[]) => example.start(["app/request.ts", ...args]);
  const urlOf = (request: ReturnType<typeof ask>) =>
    request.untilWritten("address to decide at", ({ stdout }) => /http:\S+/.exec(stdout)?.[0]);
  const lastLine = async (request: ReturnType<typeof ask>) =>
    (await request.finished()).stdout.trimEnd().split("\n").at(-1);

  await t.test("on the page", async () => {
    const request = ask("train <to> Lyon", "129");
    await urlOf(request);
    const html = await (await fetch(deskUrl)).text();
    assert.match(html, /train &#60;to&#62; Lyon of 129\.00/);
    const token = /name="token" value="([^"]+)"/.exec(html)?.[1] ?? "";
    const form = new URLSearchParams({ token, approved: "yes" });
    assert.match(await (await fetch(deskUrl, { method: "POST", body: form })).text(), /Nothing waits/);
    assert.equal(await lastLine(request), "train <to> Lyon: paid 129.00");
  });

  await t.test("by its address, with a no", async () => {
    const request = ask("hotel", "900");
    const url = await urlOf(request);
    await fetch(url, { method: "POST", body: JSON.stringify({ approved: false, by: "curl" }) });
    assert.equal(await lastLine(request), "hotel: refused by curl");
  });

  await t.test("by rule, and by nobody", async () => {
    const late = ask("dinner", "80", "1s");
    assert.equal(await lastLine(ask("coffee", "4.5")), "coffee: paid 4.50");
    assert.equal(await lastLine(late), "dinner: refused by nobody");
    assert.match(late.stdout, /waits for the manager: http.*\nwaits for the director: http/);
  });
});
