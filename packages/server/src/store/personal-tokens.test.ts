import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { withDatabase } from "@pawl/testkit";
import { createEnvironmentStore } from "./environments.ts";
import { createLoginRequestStore, forgetLoginRequests } from "./login-requests.ts";
import { createPersonalTokenStore } from "./personal-tokens.ts";
import { createSecrets } from "./secrets.ts";

const verifier = "what only the program knows";
const request = { challenge: createHash("sha256").update(verifier).digest("base64url"), callbackPort: null };

async function openStores(t: TestContext) {
  const { database } = await withDatabase(t);
  const environments = createEnvironmentStore(database, createSecrets(randomBytes(32)));
  const [dev, prod] = await environments.ensureDefaultProject();
  assert.ok(dev !== undefined && prod !== undefined);
  const tokens = createPersonalTokenStore(database);
  const requests = createLoginRequestStore(database);
  const begin = async (callbackPort: number | null = null) => {
    const made = await requests.create({ ...request, callbackPort });
    assert.ok(made !== null);
    return made;
  };
  return { database, environments, dev, prod, tokens, requests, begin };
}

test("a token is found until it is revoked, and is not in the database as it is", async (t) => {
  const { database, dev, prod, tokens } = await openStores(t);
  const { token, ...made } = await tokens.create({ environmentId: dev.id, name: "ci" });
  assert.match(token, /^tr_pat_[0-9A-Za-z]{40}$/);
  assert.equal(made.ending, token.slice(-4));
  assert.deepEqual(await tokens.find(token), made);
  assert.equal(await tokens.find(`${token}x`), null);
  assert.deepEqual(await tokens.list(dev.id), [made]);
  assert.deepEqual(await tokens.list(prod.id), []);
  const kept = await database.query({ name: "test_tokens", text: "select * from personal_token", values: [] });
  assert.ok(!JSON.stringify(kept).includes(token.slice(0, -4)));
  assert.equal(await tokens.revoke(prod.id, made.id), false);
  assert.equal(await tokens.revoke(dev.id, newUuid()), false);
  assert.equal(await tokens.revoke(dev.id, made.id), true);
  assert.equal(await tokens.find(token), null);
  assert.equal(await tokens.revoke(dev.id, made.id), false);
});

test("a token of no environment is listed and revoked in each", async (t) => {
  const { dev, prod, tokens } = await openStores(t);
  const { token, ...made } = await tokens.create({ environmentId: null, name: "login" });
  assert.deepEqual([await tokens.list(dev.id), await tokens.list(prod.id)], [[made], [made]]);
  assert.equal(await tokens.revoke(prod.id, made.id), true);
  assert.equal(await tokens.find(token), null);
});

test("a project is opened by any ref while it is the only one, whole or for one environment", async (t) => {
  const { database, environments, dev } = await openStores(t);
  const whole = await environments.openProject("proj_of_another_server", null);
  assert.deepEqual([whole?.ref, whole?.environments.length], [dev.projectRef, 2]);
  const one = await environments.openProject(dev.projectRef, dev.id);
  assert.deepEqual(one?.environments, [dev]);
  await database.query({
    name: "test_second_project",
    text: "insert into project (id, ref, name) values ($1, 'proj_second', 'second')",
    values: [newUuid()],
  });
  assert.equal(await environments.openProject("proj_of_another_server", null), null);
  assert.equal((await environments.openProject(dev.projectRef, null))?.ref, dev.projectRef);
});

test("a login is approved by who reads the server's output, and redeemed by the program that asked", async (t) => {
  const { tokens, requests, begin } = await openStores(t);
  const { code, confirmation } = await begin(40_123);
  assert.match(confirmation, /^[B-Z]{4}-[B-Z]{4}$/);
  assert.equal(await requests.isOpen(code), true);
  assert.deepEqual(await requests.redeem(code, { verifier, approval: "" }), { kind: "waiting" });
  const approved = await requests.approve(code, confirmation.replace("-", "").toLowerCase());
  assert.ok(approved.kind === "approved" && approved.callbackPort === 40_123);
  assert.equal(await requests.isOpen(code), false);
  assert.deepEqual(await requests.approve(code, confirmation), { kind: "over" });
  const { approval } = approved;
  assert.deepEqual(await requests.redeem(code, { verifier: "another", approval }), { kind: "wrong", triesLeft: 4 });
  assert.deepEqual(await requests.redeem(code, { verifier, approval: "ABCD" }), { kind: "wrong", triesLeft: 3 });
  const [first, second] = await Promise.all([
    requests.redeem(code, { verifier, approval }),
    requests.redeem(code, { verifier, approval }),
  ]);
  const redeemed = first.kind === "redeemed" ? first : second;
  assert.ok(redeemed.kind === "redeemed");
  assert.deepEqual([first, second].map(({ kind }) => kind).sort(), ["over", "redeemed"]);
  const { token, ...kept } = redeemed.token;
  assert.deepEqual(await tokens.find(token), kept);
  assert.equal(kept.environmentId, null);
});

test("five wrong codes or ten minutes end a login", async (t) => {
  const { database, requests, begin } = await openStores(t);
  const guessed = await begin();
  for (let left = 4; left >= 0; left--) {
    assert.deepEqual(await requests.approve(guessed.code, "AAAA-AAAA"), { kind: "wrong", triesLeft: left });
  }
  assert.deepEqual(await requests.approve(guessed.code, guessed.confirmation), { kind: "over" });
  const late = await begin();
  await database.query({
    name: "test_late",
    text: "update login_request set expires_at = now() where failures = 0",
    values: [],
  });
  assert.equal(await requests.isOpen(late.code), false);
  assert.deepEqual(await requests.approve(late.code, late.confirmation), { kind: "over" });
  assert.deepEqual(await requests.redeem(late.code, { verifier, approval: "" }), { kind: "over" });
  assert.equal((await database.query(forgetLoginRequests(10))).length, 1);
  assert.deepEqual(await requests.redeem("no such code", { verifier, approval: "" }), { kind: "over" });
});

test("no more than twenty logins wait at once", async (t) => {
  const { requests, begin } = await openStores(t);
  for (let made = 0; made < 20; made++) await begin();
  assert.equal(await requests.create(request), null);
});
