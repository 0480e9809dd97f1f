import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { makeEnvironment } from "@pawl/testkit";
import { createHostStore } from "./hosts.ts";
import { type RunStage, runStage } from "./runs/fixtures/run-stage.ts";

function hostOf({ hostId: id, environment, versionId }: RunStage) {
  return { id, environmentId: environment.id, name: "stage", versionIds: [versionId], leaseMs: 60_000 };
}

test("a host can't be taken over from another environment", async (t) => {
  const stage = await runStage(t);
  const hosts = createHostStore(stage.database);
  const other = await makeEnvironment(stage.database, "other");
  const stranger = { id: stage.hostId, environmentId: other.id, name: "stranger", versionIds: [], leaseMs: 1_000 };
  await assert.rejects(hosts.connect(stranger), /belongs to another environment/);
});

test("a renewal tells which hosts are gone, and when the first of the others is lost", async (t) => {
  const stage = await runStage(t);
  const hosts = createHostStore(stage.database);
  const gone = newUuid();
  const renewed = await hosts.renew([gone], 10_000);
  assert.deepEqual(renewed.lostIds, [gone]);
  assert.ok(renewed.nextLossInMs !== null && renewed.nextLossInMs > 3_500_000);
  assert.deepEqual(await hosts.renew([stage.hostId], 10_000), { lostIds: [], nextLossInMs: null });
});

test("a lease is only ever shortened by a close", async (t) => {
  const stage = await runStage(t);
  const hosts = createHostStore(stage.database);
  const connection = await hosts.connect(hostOf(stage));
  await hosts.shorten(stage.hostId, connection, 2_000);
  await hosts.shorten(stage.hostId, connection, 60_000);
  const { nextLossInMs } = await hosts.renew([], 1_000);
  assert.ok(nextLossInMs !== null && nextLossInMs <= 2_000);
});

test("the end of an earlier connection says nothing of a later one", async (t) => {
  const stage = await runStage(t);
  const hosts = createHostStore(stage.database);
  const earlier = await hosts.connect(hostOf(stage));
  await stage.loseHost();
  await stage.runs.rescue(); // and the host comes back as one that is not known
  assert.ok((await hosts.connect(hostOf(stage))) > earlier);
  await hosts.shorten(stage.hostId, earlier, 2_000);
  const { nextLossInMs } = await hosts.renew([], 1_000);
  assert.ok(nextLossInMs !== null && nextLossInMs > 2_000);
});

test("the versions that a host announces are kept", async (t) => {
  const stage = await runStage(t);
  const versionId = newUuid();
  await createHostStore(stage.database).announce(stage.hostId, [versionId]);
  assert.deepEqual(await stage.sql("select version_ids from host"), [{ version_ids: [versionId] }]);
});
