import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { call, type StartedApi, startApi } from "../api/fixtures/started-api.ts";

const codeVerifier = "what only the program knows";
const pkce = {
  codeChallenge: createHash("sha256").update(codeVerifier).digest("base64url"),
  codeChallengeMethod: "S256",
};

async function begin(api: StartedApi, further: Record<string, unknown> = {}) {
  const { status, body } = await call(api, "POST", "/api/v1/authorization-code", {
    key: null,
    body: { ...pkce, ...further },
  });
  assert.equal(status, 200);
  const [, confirmation = ""] = /enter the code (\S+) on the page/.exec(api.told.at(-1) ?? "") ?? [];
  const { url, authorizationCode, approval } = body;
  return { url: String(url), authorizationCode: String(authorizationCode), approval: String(approval), confirmation };
}

function submit(url: string, confirmation: string): Promise<Response> {
  return fetch(url, { method: "POST", body: new URLSearchParams({ confirmation }), redirect: "manual" });
}

function redeem(api: StartedApi, authorizationCode: string, approvalCode: string, verifier = codeVerifier) {
  const body = { authorizationCode, codeVerifier: verifier, approvalCode };
  return call(api, "POST", "/api/v1/token", { key: null, body });
}

test("a login that a person brings to its program", async (t) => {
  const api = await startApi(t);
  const { url, authorizationCode, approval, confirmation } = await begin(api, { callbackPort: null });
  assert.equal(approval, "paste");
  assert.ok(url.startsWith(`${api.apiUrl}/login/`));
  const [name = ""] = /(?<=as login )\w{6}/.exec(api.told[0] ?? "") ?? [];
  assert.ok(url.includes(`/login/${name}`) && api.told[0]?.includes(url) === false);
  const page = await fetch(url);
  assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'.*frame-ancestors 'none'/);
  assert.equal(page.headers.get("cache-control"), "no-store");
  const html = await page.text();
  assert.ok(
    html.includes('<form method="post">') &&
      html.includes(name) &&
      !html.includes(confirmation) &&
      !html.includes("<script"),
  );
  assert.match(await (await submit(url, "AAAA-AAAA")).text(), /That is not the code. 4 tries are left/);
  assert.deepEqual((await redeem(api, authorizationCode, "AAAA-AAAA-AAAA")).body, { token: null });
  const approved = await submit(url, confirmation.toLowerCase());
  const [, code = ""] = /<output>(\S+)<\/output>/.exec(await approved.text()) ?? [];
  assert.equal((await redeem(api, authorizationCode, code, "another's secret")).body.param, "approvalCode");
  const { body } = await redeem(api, authorizationCode, code);
  assert.match(body.token.token, /^tr_pat_/);
  const me = await call(api, "GET", "/api/v2/whoami", { key: body.token.token });
  assert.equal(me.status, 200);
  assert.equal((await redeem(api, authorizationCode, code)).status, 404);
  assert.equal((await fetch(url)).status, 410);
});

test("a login whose program listens on the same machine", async (t) => {
  const api = await startApi(t);
  const { url, authorizationCode, approval, confirmation } = await begin(api, { callbackPort: 40_321 });
  assert.equal(approval, "callback");
  const answer = await submit(url, confirmation);
  assert.equal(answer.status, 303);
  const location = new URL(answer.headers.get("location") ?? "");
  assert.equal(location.origin + location.pathname, "http://127.0.0.1:40321/callback");
  const { body } = await redeem(api, authorizationCode, location.searchParams.get("approval_code") ?? "");
  assert.match(body.token.obfuscatedToken, /^tr_pat_…\w{4}$/);
});

test("a login that is begun wrongly, guessed at, or no login at all", async (t) => {
  const api = await startApi(t);
  for (const [body, param] of [
    [{}, "codeChallenge"],
    [{ ...pkce, codeChallengeMethod: "plain" }, "codeChallengeMethod"],
    [{ ...pkce, callbackPort: 0 }, "callbackPort"],
  ] as const) {
    const answer = await call(api, "POST", "/api/v1/authorization-code", { key: null, body });
    assert.deepEqual([answer.status, answer.body.param], [400, param]);
  }
  const { url, confirmation } = await begin(api);
  assert.match(await (await submit(url, "x".repeat(5_000))).text(), /4 tries are left/);
  for (const left of ["3 tries are", "2 tries are", "One try is"]) {
    assert.match(await (await submit(url, "AAAA-AAAA")).text(), new RegExp(`${left} left`));
  }
  assert.equal((await submit(url, "AAAA-AAAA")).status, 410);
  assert.equal((await submit(url, confirmation)).status, 410);
  assert.equal((await fetch(`${api.apiUrl}/login/none`)).status, 410);
  assert.equal((await redeem(api, "none", "none")).status, 404);
  for (let made = 1; made < 20; made++) await begin(api);
  assert.equal((await call(api, "POST", "/api/v1/authorization-code", { key: null, body: pkce })).status, 429);
  assert.deepEqual(api.bugs, []);
});
