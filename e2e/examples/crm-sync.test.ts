import assert from "node:assert/strict";
import { test } from "node:test";
import { openStage } from "../stage/stage.ts";
import { openExample } from "./example-stage.ts";

interface Counts {
  readonly limited: number;
  readonly away: number;
  readonly subscribers: readonly (readonly [string, { readonly writes: number }])[];
}

test("the CRM's contacts are all in the newsletter, each written once, through limits and outages", async (t) => {
  const services = await openStage(t);
  const crm = services.node([new URL("../../examples/crm-sync/crm/server.ts", import.meta.url).pathname, "0"]);
  const url = await crm.untilWritten("address", ({ stdout }) => /http:\S+/.exec(stdout)?.[0]);
  const example = await openExample(t, "crm-sync", { CRM_URL: url });
  assert.equal(
    await example.print("app/sync.ts"),
    "first sync: COMPLETED, 25 contacts\nsecond sync: COMPLETED, 25 contacts\n25 contacts pushed, all well\n",
  );
  const counts = (await (await fetch(`${url}/counts`)).json()) as Counts; // the example's own form
  assert.equal(counts.subscribers.length, 25);
  assert.ok(counts.subscribers.every(([, { writes }]) => writes === 1));
  assert.ok(counts.away > 0, "the services were away at times");
});
