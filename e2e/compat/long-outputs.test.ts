import assert from "node:assert/strict";
import { test } from "node:test";
import { runs, tasks } from "@trigger.dev/sdk";
import { openForClient } from "./client.ts";

test("the published client reads outputs that are longer than a message", async (t) => {
  await openForClient(t);
  for (const bytes of [130 * 1024, 5 * 1024 * 1024]) {
    const handle = await tasks.trigger("returns-long", { bytes });
    const run = await runs.poll(handle.id, { pollIntervalMs: 50 });
    assert.equal(run.status, "COMPLETED");
    assert.equal((run.output as { text: string }).text.length, bytes); // as the task returns it
  }
  const tooLong = await tasks.trigger("returns-long", { bytes: 10 * 1024 * 1024 });
  const failed = await runs.poll(tooLong.id, { pollIntervalMs: 50 });
  assert.equal(failed.status, "FAILED");
  assert.match(failed.error?.message ?? "", /10 MB at most/);
});
