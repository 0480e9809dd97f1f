import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { waitStage } from "./fixtures/wait-stage.ts";

test("a token lets all who wait for it go on with its output", async (t) => {
  const stage = await waitStage(t);
  const { id } = await stage.waits.createToken(stage.newToken());
  const claims = [await stage.executing(), await stage.executing()];
  for (const claim of claims) {
    const [joined] = await stage.open(claim, "token#1", { kind: "join", waitpointId: id });
    assert.ok(joined?.kind === "opened" && joined.isFound);
    await stage.suspend(claim, "token#1");
  }
  const complete = (text: string) =>
    stage.waits.completeToken(stage.environment.id, id, { text, type: "application/json" });
  assert.deepEqual(await Promise.all([complete("1"), complete("1")]).then((all) => [...all].sort()), [
    "already_completed",
    "completed",
  ]);
  const result = { kind: "token", isTimeout: false, output: "1", outputType: "application/json" };
  const resumed = await stage.resume();
  assert.deepEqual(
    resumed.map((run) => run.waits),
    [[{ wait: "token#1", result }], [{ wait: "token#1", result }]],
  );
  assert.equal(
    await stage.waits.completeToken(stage.environment.id, newUuid(), { text: null, type: "text/plain" }),
    "not_found",
  );
});

test("only tokens can be joined", async (t) => {
  const stage = await waitStage(t);
  const [one, two] = [await stage.executing(), await stage.executing()];
  const [time] = await stage.sleep(one);
  assert.ok(time?.kind === "opened");
  for (const waitpointId of [time.waitpointId, newUuid()]) {
    assert.deepEqual(await stage.open(two, "token#1", { kind: "join", waitpointId }), [{ kind: "no_waitpoint" }]);
  }
});

test("a token times out", async (t) => {
  const stage = await waitStage(t);
  const claim = await stage.executing();
  const [opened] = await stage.open(claim, "token#1", {
    kind: "token",
    timeout: { afterMs: 60_000 },
    tags: ["a"],
    idempotency: null,
  });
  assert.ok(opened?.kind === "opened" && opened.dueAt);
  await stage.suspend(claim, "token#1");
  await stage.sql("update waitpoint set due_at = now()");
  await stage.runs.promoteDue();
  const [resumed] = await stage.resume();
  assert.deepEqual(resumed?.waits, [{ wait: "token#1", result: { kind: "token", isTimeout: true } }]);
  assert.equal((await stage.waits.retrieveToken(stage.environment.id, opened.waitpointId))?.status, "TIMED_OUT");
});

test("tokens are listed newest first, in pages both ways, by status, tag and key", async (t) => {
  const stage = await waitStage(t);
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) {
    const { id } = await stage.waits.createToken(
      stage.newToken({
        tags: index < 2 ? ["old", "all"] : ["all"],
        timeout: { afterMs: 60_000 },
        idempotency: index === 0 ? { key: "zero", lifeS: 60 } : null,
      }),
    );
    ids.unshift(id);
  }
  const filter = { statuses: null, idempotencyKey: null, tags: null, from: null, to: null, cursor: null, size: 2 };
  const list = async (changes: Partial<Parameters<typeof stage.waits.listTokens>[1]>) => {
    const page = await stage.waits.listTokens(stage.environment.id, { ...filter, ...changes });
    return [page.tokens.map((token) => ids.indexOf(token.id)), page.hasNext, page.hasPrevious];
  };
  assert.deepEqual(await list({}), [[0, 1], true, false]);
  assert.deepEqual(await list({ cursor: { direction: "after", id: ids[1] ?? "" } }), [[2, 3], true, true]);
  assert.deepEqual(await list({ cursor: { direction: "after", id: ids[3] ?? "" } }), [[4], false, true]);
  assert.deepEqual(await list({ cursor: { direction: "before", id: ids[2] ?? "" } }), [[0, 1], true, false]);
  assert.deepEqual(await list({ tags: ["old", "none"], size: 9 }), [[3, 4], false, false]);
  assert.deepEqual(await list({ idempotencyKey: "zero" }), [[4], false, false]);
  await stage.waits.completeToken(stage.environment.id, ids[2] ?? "", { text: "1", type: "application/json" });
  assert.deepEqual(await list({ statuses: ["COMPLETED"] }), [[2], false, false]);
  assert.deepEqual(await list({ statuses: ["WAITING", "TIMED_OUT"], size: 9 }), [[0, 1, 3, 4], false, false]);
  assert.deepEqual(await list({ to: new Date(0) }), [[], false, false]);
  assert.deepEqual(await list({ from: new Date(0), size: 1 }), [[0], true, false]);
});

test("an idempotency key gives the same token, also at the same time", async (t) => {
  const stage = await waitStage(t);
  const create = () => stage.waits.createToken(stage.newToken({ idempotency: { key: "k", lifeS: 60 } }));
  const [first, second] = await Promise.all([create(), create()]);
  assert.equal(first.id, second.id);
  assert.deepEqual([first.isCached, second.isCached].sort(), [false, true]);
  assert.equal(first.nextDueInMs, null);
});
