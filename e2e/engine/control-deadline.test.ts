import assert from "node:assert/strict";
import { test } from "node:test";
import { runs, tasks, wait } from "@pawl/sdk";
import type { stubborn } from "../projects/engine/trigger/control.ts";
import type { inspect } from "../projects/engine/trigger/plain.ts";
import { ended, openEngine, outputOf, untilStatus } from "../stage/engine.ts";

test("code that does not end within 30 s of its cancellation is ended", async (t) => {
  const engine = await openEngine(t, { worker: { processes: 3 } });
  const token = await wait.createToken({ timeout: "1h" });
  const executing = await tasks.trigger<typeof stubborn>("stubborn", {});
  const waiting = await tasks.trigger<typeof stubborn>("stubborn", { tokenId: token.id });
  await engine.untilMark(executing, "start");
  await untilStatus(waiting, "WAITING");
  const { pid } = await engine.untilMark(waiting, "start");
  const cancelledAtMs = Date.now();
  await Promise.all([executing, waiting].map(({ id }) => runs.cancel(id)));
  await engine.untilMark(executing, "onCancel");
  assert.equal((await runs.retrieve(executing)).isCompleted, false, "its hook is given time");
  for (const handle of [executing, waiting]) {
    const run = await ended(handle, 45_000);
    assert.equal(run.status, "CANCELED");
    const tookMs = Date.now() - cancelledAtMs;
    assert.ok(tookMs >= 29_000, `${tookMs} ms`);
  }
  for (let count = 0; count < 3; count++) {
    const other = await outputOf(await tasks.trigger<typeof inspect>("inspect", null));
    assert.notEqual(other.pid, pid, "that process takes no new runs");
  }
});
