import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { openDatabase } from "@pawl/server/store/db";
import { clusterFiles } from "@pawl/server/store/embedded/cluster";
import { chooseEndpoint } from "@pawl/server/store/embedded/endpoint";
import { assertInvariants } from "@pawl/testkit";
import { openLedger } from "../stage/ledger.ts";
import { runProcessPids, type StagedServer, serverCommand, startServer, untilReady } from "../stage/platform.ts";
import { processesOf, signal } from "../stage/processes.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { until } from "../stage/until.ts";
import { type Handle, judge } from "./judge.ts";
import { type Kill, killAtRandom } from "./killer.ts";
import { readLiveRuns, readRuns, storyOf } from "./records.ts";
import { Supervised } from "./supervised.ts";

const seed = Number(process.env.PAWL_CHAOS_SEED ?? Math.floor(Math.random() * 1_000_000));
const seconds = Number(process.env.PAWL_CHAOS_SECONDS ?? 60);
const rate = 320; // a little over the 300 that are promised
const hostCount = 2;
const drainMs = 60_000;

test(`no run is lost or finished twice, whatever is killed (seed ${seed})`, async (t) => {
  const stage = await openStage(t);
  const ledger = await openLedger(stage);
  const first = await startServer(stage);
  const server = new Supervised(stage, first.command, () => serverCommand(stage, { like: first }));
  const start = () => ledger.startWorker(first);
  const hosts = Array.from({ length: hostCount }, () => new Supervised(stage, start(), start));
  for (const { current } of hosts) await untilReady(current);

  const handlesFile = stage.path("handles");
  const load = stage.node([loadPath, String(rate), String(seconds), handlesFile], {
    env: { TRIGGER_API_URL: first.apiUrl, TRIGGER_SECRET_KEY: first.secretKey },
  });
  const stopKilling = new AbortController();
  const killing = killAtRandom(seed, killOn(stage, server, hosts), stopKilling.signal);
  await load.ended;
  stopKilling.abort();
  const killed = await killing;
  assert.equal(load.ending?.code, 0, load.report());

  const database = await databaseOf(first);
  const drainingSince = performance.now();
  t.after(() => database.close());
  const isDrained = async () => (await readLiveRuns(database).catch(() => null))?.length === 0;
  await until("every run has finished", isDrained, { timeoutMs: drainMs }).catch(async (error: unknown) => {
    assert.deepEqual(await readLiveRuns(database), [], String(error));
  });
  const drainedMs = Math.round(performance.now() - drainingSince);
  for (const host of hosts) assert.equal((await host.stop()).code, 0, host.current.report());
  const runs = await readRuns(database);
  const lines = await ledger.read();
  const verdict = judge(await readHandles(handlesFile), runs, lines);
  const { executions, unexecuted, lost, findings } = verdict;
  console.error(
    `chaos: seed ${seed}, ${runs.length} runs, load ${JSON.stringify(load.lines[0])}, drained in ${drainedMs} ms, killed ${JSON.stringify(killed)}, ` +
      `${executions} executions, ${lost} attempts lost, ${unexecuted} of them before their first line`,
  );
  for (const finding of findings.slice(0, 5)) {
    const [runId = ""] = /run_\w+/.exec(finding) ?? [];
    console.error([finding, ...storyOf(runId, runs, lines)].join("\n  "));
  }
  assert.deepEqual(findings.slice(0, 20), [], `${findings.length} findings, seed ${seed}`);
  assert.equal(runs.filter(({ parent }) => parent === null).length, rate * seconds);
  const kept = runs.filter(
    ({ taskId, outcome }) => outcome === "completed" && (taskId === "waiting" || taskId === "parent"),
  );
  assert.ok(kept.length > 0, "some of those that wait came to their end");
  assert.ok(
    Object.values(killed).every((count) => count > 0),
    "each kind was killed",
  );
  for (const { unexplained } of [server, ...hosts]) assert.deepEqual(unexplained, [], "nothing ended by itself");
  await assertInvariants(database);
});

const loadPath = new URL("./load.ts", import.meta.url).pathname;

function killOn(stage: Stage, server: Supervised, hosts: readonly Supervised[]): Kill {
  const pick = <T>(list: readonly T[], choice: number) => list[Math.floor(choice * list.length)];
  return async (kind, choice) => {
    switch (kind) {
      case "server":
        return signal(server.current.pid, "SIGKILL");
      case "host":
        return signal(pick(hosts, choice)?.current.pid ?? 0, "SIGKILL");
      case "process":
        return killPid(pick(await runProcessPids(stage), choice));
      case "postgres": {
        // The one that listens, or one that serves a connection or writes: Postgres then begins anew as after a crash.
        const all = (await processesOf(stage.folder)).filter(({ command }) => /^(\S*\/)?postgres\b/.test(command));
        return killPid(pick(all, choice)?.pid);
      }
    }
  };
}

function killPid(pid: number | undefined): boolean {
  return pid !== undefined && signal(pid, "SIGKILL");
}

async function databaseOf({ dataDir }: StagedServer) {
  const { url } = await chooseEndpoint(clusterFiles(dataDir));
  return openDatabase({ url, poolSize: 2, onConnectionError: () => undefined });
}

async function readHandles(file: string): Promise<readonly Handle[]> {
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  return lines.map((line) => {
    const [number, taskId = "", runId = ""] = line.split(" ");
    return { number: Number(number), taskId, runId };
  });
}
