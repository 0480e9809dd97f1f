import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { ServerMessage } from "@pawl/contract/worker-protocol";
import { plainTask, runStage } from "../store/runs/fixtures/run-stage.ts";
import { Dispatcher } from "./dispatcher.ts";
import { ConnectedHost } from "./host/connected-host.ts";
import type { HostLink } from "./host-link.ts";
import type { ClaimOutcome } from "./ports.ts";

/** What a claim answers that found no lane closed by a rate. */
const earlierAnswer: ClaimOutcome = {
  claimed: [],
  resumed: [],
  hasMore: false,
  isEnvironmentFull: false,
  opensInMs: null,
};

test("the answer of an earlier claim, come late, takes no wake-up away", { timeout: 20_000 }, async (t) => {
  const stage = await runStage(t);
  await stage.sql("update queue set rate_limit = 2, rate_period_ms = 1000, rate_burst = 1 where name = $1", [
    `task/${plainTask}`,
  ]);
  await stage.trigger(2);
  const [row] = await stage.sql("select connection from host");
  const pushed: string[] = [];
  let onPush: () => void = () => undefined;
  const link: HostLink = {
    environment: stage.environment,
    tokenAccess: () => assert.fail("no tokens"),
    isOpen: true,
    send(message: ServerMessage) {
      if (message.type === "runs") pushed.push(...message.runs.map((run) => run.runId));
      onPush();
    },
    close: () => undefined,
  };
  const capacity = { ready: 4, ahead: 0, processes: 4, afterPush: 0 };
  const host = new ConnectedHost(stage.hostId, Number(row?.connection), link, [stage.versionId], capacity);
  const dispatcher = new Dispatcher({
    runs: stage.runs,
    isCertain: () => true,
    onGivenBack: () => undefined,
    onError: assert.ifError,
  });
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      onPush = () => pushed.length >= count && resolve();
      onPush();
    });
  dispatcher.add(host);
  await until(1);
  await setImmediate(); // the claim that pushed it has been taken note of
  dispatcher.learn(earlierAnswer);
  await until(2);
  await dispatcher.settled();
});
