import assert from "node:assert/strict";
import { test } from "node:test";
import type { Environment } from "../engine/ports.ts";
import { createAuthenticator } from "./authentication.ts";
import { ApiError } from "./errors.ts";

const dev: Environment = {
  id: "00000000-0000-7000-8000-000000000000",
  slug: "dev",
  type: "DEVELOPMENT",
  projectRef: "proj_x",
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
  const authenticator = createAuthenticator({ findByKey }, () => clock.now);
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
  const authenticator = createAuthenticator({ findByKey });
  await assert.rejects(async () => authenticator.authenticate("Bearer tr_dev_a"), /down/);
  isDown = false;
  assert.ok(!((await authenticator.authenticate("Bearer tr_dev_a")) instanceof ApiError));
});
