import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import type { Environment } from "../engine/ports.ts";
import { createAuthenticator, requireScope } from "./authentication.ts";
import { ApiError } from "./errors.ts";
import { createPublicTokenSigner, isCovered } from "./public-token.ts";

const dev: Environment = {
  id: "00000000-0000-7000-8000-000000000000",
  slug: "dev",
  type: "DEVELOPMENT",
  projectId: newUuid(),
  projectRef: "proj_x",
  projectName: "x",
};

/** An authenticator over keys that can be changed, with a clock that is moved by hand. */
function fixture() {
  const keys = new Set(["tr_dev_a"]);
  const clock = { now: 0 };
  let lookups = 0;
  const findByKey = async (key: string) => {
    lookups++;
    return keys.has(key) ? dev : null;
  };
  const withKeys = async (id: string) => (id === dev.id ? { environment: dev, keys: [...keys] } : null);
  const authenticator = createAuthenticator({ findByKey, withKeys }, () => clock.now);
  return { keys, clock, authenticator, lookups: () => lookups };
}

test("a key is looked up once, by however many calls at the same time", async () => {
  const { authenticator, lookups } = fixture();
  const callers = await Promise.all([1, 2, 3].map(() => authenticator.authenticate("Bearer tr_dev_a")));
  assert.equal(lookups(), 1);
  assert.equal(authenticator.authenticate("bearer  tr_dev_a"), callers[0]);
  assert.equal(lookups(), 1);
});

test("a revoked key is refused once its memory has ended, and one that is valid again works at once", async () => {
  const { authenticator, keys, clock } = fixture();
  await authenticator.authenticate("Bearer tr_dev_a");
  keys.clear();
  clock.now += 5_001;
  assert.ok((await authenticator.authenticate("Bearer tr_dev_a")) instanceof ApiError);
  keys.add("tr_dev_a");
  assert.ok(!((await authenticator.authenticate("Bearer tr_dev_a")) instanceof ApiError));
});

test("what is no bearer key is refused without a lookup", async () => {
  const { authenticator, lookups } = fixture();
  for (const header of [undefined, "", "Bearer", "Bearer ", "tr_dev_a", "Basic dHI=", "Bearer a b"]) {
    assert.ok((await authenticator.authenticate(header)) instanceof ApiError, header);
  }
  assert.equal(lookups(), 0);
});

test("an unreachable store is no refusal, and is asked again", async () => {
  let isDown = true;
  const findByKey = async () => {
    if (isDown) throw new Error("down");
    return dev;
  };
  const authenticator = createAuthenticator({ findByKey, withKeys: async () => null });
  await assert.rejects(async () => authenticator.authenticate("Bearer tr_dev_a"), /down/);
  isDown = false;
  assert.ok(!((await authenticator.authenticate("Bearer tr_dev_a")) instanceof ApiError));
});

test("a public token stands for its environment and its scopes, while one of the keys signed it and its time lasts", async () => {
  const { authenticator, keys, clock } = fixture();
  clock.now = 1_000_000;
  const sign = createPublicTokenSigner(dev.id, "tr_dev_a", () => clock.now);
  const token = sign("read:runs:run_1", 60);
  const caller = await authenticator.authenticatePublic(`Bearer ${token}`);
  assert.ok(!(caller instanceof ApiError));
  assert.deepEqual(caller.environment, dev);
  assert.deepEqual(caller.scopes, ["read:runs:run_1"]);
  assert.doesNotThrow(() => requireScope(caller, "read", [["runs", "run_1"]]));
  assert.throws(() => requireScope(caller, "write", [["runs", "run_1"]]), { code: "forbidden" });
  assert.ok((await authenticator.authenticate(`Bearer ${token}`)) instanceof ApiError, "not where a key is asked for");

  const [head, body, signature] = token.split(".");
  const claims = (change: object) => {
    const changed = { ...JSON.parse(Buffer.from(body ?? "", "base64url").toString()), ...change };
    const signed = `${head}.${Buffer.from(JSON.stringify(changed)).toString("base64url")}`;
    return `${signed}.${createHmac("sha256", "tr_dev_a").update(signed).digest("base64url")}`;
  };
  assert.ok(!((await authenticator.authenticatePublic(`Bearer ${claims({})}`)) instanceof ApiError));
  assert.equal(caller.oneUse, null);
  const once = await authenticator.authenticatePublic(`Bearer ${claims({ otu: true })}`);
  assert.ok(!(once instanceof ApiError));
  assert.deepEqual(once.oneUse?.expiresAt, new Date(clock.now + 60_000));
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  const bad: Record<string, string> = {
    "another signature": `${head}.${body}.${Buffer.from("x").toString("base64url")}`,
    "another body": `${head}.${Buffer.from('{"scopes":["admin"]}').toString("base64url")}.${signature}`,
    "no signature": `${none}.${body}.`,
    "an unknown environment": claims({ sub: toPublicId("env", newUuid()) }),
    "a token that is not public": claims({ pub: false }),
    "a token of others": claims({ iss: "https://example.com" }),
    "four parts": `${token}.x`,
    "no token": "eyJ",
  };
  for (const [name, text] of Object.entries(bad)) {
    assert.ok((await authenticator.authenticatePublic(`Bearer ${text}`)) instanceof ApiError, name);
  }
  clock.now += 60_001;
  assert.ok((await authenticator.authenticatePublic(`Bearer ${token}`)) instanceof ApiError, "its time is over");
  clock.now -= 60_001;
  keys.clear();
  assert.ok((await authenticator.authenticatePublic(`Bearer ${token}`)) instanceof ApiError, "its key is gone");
});

const covered: [scope: string, action: string, type: string, id: string, isCovered: boolean][] = [
  ["read:runs", "read", "runs", "a", true],
  ["read:runs:a", "read", "runs", "a", true],
  ["read:runs:a:b", "read", "runs", "a:b", true],
  ["read:runs:a", "read", "runs", "b", false],
  ["read:runs", "write", "runs", "a", false],
  ["read:tags:a", "read", "runs", "a", false],
  ["read", "read", "runs", "a", true],
  ["read:all", "read", "runs", "a", true],
  ["*:runs:a", "write", "runs", "a", true],
  ["admin", "write", "runs", "a", true],
  ["admin:runs", "write", "runs", "a", true],
  ["admin:runs", "write", "waitpoints", "a", false],
];
for (const [scope, action, type, id, expected] of covered) {
  test(`the scope ${scope} ${expected ? "covers" : "does not cover"} ${action}:${type}:${id}`, () => {
    assert.equal(isCovered([scope], action, [[type, id]]), expected);
  });
}
