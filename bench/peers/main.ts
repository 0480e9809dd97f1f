import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describeMachine, type Machine } from "../report/machine.ts";
import { findProduct } from "../system/product.ts";
import type { Undo } from "../system/system.ts";
import { isBarred, judge } from "./bars.ts";
import type { Contender, Stage } from "./contender.ts";
import { contenders } from "./contenders.ts";
import { installPeers, peersDir, peerVersions } from "./install.ts";
import type { PeersOptions } from "./options.ts";
import { drawPeersChart } from "./report/chart.ts";
import { type PeerResult, toPeerResults } from "./report/results.ts";
import { type PeersReport, renderPeers } from "./report/table.ts";
import { measurePeers } from "./rounds.ts";
import type { Session } from "./session.ts";
import { startStagePostgres } from "./stage/postgres.ts";
import { hasRedis, redisProgram } from "./stage/redis.ts";
import { allWorks } from "./works/all-works.ts";
import { fullScale, quickScale } from "./works/work.ts";

const run = promisify(execFile);
const resultsDir = join(peersDir, "../results");

/**
 * `npm run bench -- peers`: measures Pawl beside its peers, shows the table, and writes table, chart and JSON.
 *
 * @param options - of the command line
 * @param undo - filled with the steps that stop what was started
 * @param onProgress - told what goes on
 * @returns the results
 */
export async function runPeers(
  options: PeersOptions,
  undo: Undo,
  onProgress: (text: string) => void,
): Promise<readonly PeerResult[]> {
  const chosen = chooseContenders(options, onProgress);
  if (chosen.some(({ packageName }) => packageName !== null)) await installPeers(onProgress);
  const stage = await setStage(options, undo, onProgress);
  const machine = await describeMachine({
    product: stage.product.kind,
    postgres: stage.postgres.version,
    dataDir: stage.dir,
    processes: null,
  });
  if ((machine.loadBefore[0] ?? 0) > machine.cores / 2) {
    onProgress(`The machine does other work (load average ${machine.loadBefore[0]}): expect figures that are too low.`);
  }
  const measured = await measurePeers(
    stage,
    {
      contenders: chosen,
      works: allWorks.filter(({ name }) => options.works.includes(name)),
      samples: options.samples,
      isRepeated: isBarred,
      scale: options.isQuick ? quickScale : fullScale,
    },
    onProgress,
  );
  const names = chosen.map(({ name }) => name);
  const results = toPeerResults(measured.samples, names);
  const versions = { ...(await peerVersions()), redis: await redisVersion() };
  const report = {
    results,
    bars: judge(results),
    failures: measured.failures,
    contenders: chosen,
    works: options.works,
    versions,
  };
  await publish(report, machine, options, stage);
  return results;
}

/** Leaves out what this machine can't run, and says so. */
function chooseContenders(options: PeersOptions, onProgress: (text: string) => void): readonly Contender[] {
  const asked = contenders.filter(({ name }) => options.contenders.includes(name));
  if (hasRedis() || !asked.some(({ store }) => store === "redis")) return asked;
  onProgress(`BullMQ is left out: there is no ${redisProgram} (Debian's package redis-server has it).`);
  return asked.filter(({ store }) => store !== "redis");
}

async function setStage(options: PeersOptions, undo: Undo, onProgress: (text: string) => void): Promise<Stage> {
  const interruption = new AbortController();
  undo.push(async () => interruption.abort());
  const product = await findProduct(options.isFromSource, onProgress, interruption.signal);
  const dir = await mkdtemp(join(tmpdir(), "pawl-peers-"));
  undo.push(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }));
  const postgres = await startStagePostgres(dir);
  undo.push(() => postgres.stop());
  const sessions = new Set<Session>();
  undo.push(async () => {
    interruption.abort();
    const open = [...sessions];
    sessions.clear(); // whoever measures does not close them again
    await Promise.all(open.map((session) => session.close()));
  });
  return { dir, peersDir, postgres, sessions, interrupted: interruption.signal, product };
}

async function redisVersion(): Promise<string> {
  if (!hasRedis()) return "none";
  const { stdout } = await run(redisProgram, ["--version"]);
  return /v=(\S+)/.exec(stdout)?.[1] ?? stdout.trim();
}

async function publish(report: PeersReport, machine: Machine, options: PeersOptions, stage: Stage): Promise<void> {
  const { cpu, cores, node, postgres, commit, fdatasyncMs, loadBefore } = machine;
  const conditions = `${cpu}, ${cores} cores · Node ${node} · Postgres ${postgres} (${stage.postgres.settings.join(", ")}) · Redis ${report.versions.redis} · ${commit} · one write and sync ${fdatasyncMs} ms · load before ${loadBefore[0]} · ${machine.date}`;
  const warning =
    options.isQuick || machine.product === "source" ? ["A QUICK LOOK OR FROM SOURCE: not to be compared."] : [];
  const text = [conditions, ...warning, ...renderPeers(report), ""].join("\n");
  console.log(text);
  const { results, bars, failures, contenders: shown, versions } = report;
  const settings = shown.map(({ name, label, settings: line, lacks }) => ({ name, label, settings: line, lacks }));
  const json = {
    ...{
      kind: "peers",
      isQuick: options.isQuick,
      works: options.works,
      machine,
      postgresSettings: stage.postgres.settings,
      versions,
    },
    ...{ contenders: settings, results, bars, failures },
  };
  const chart = drawPeersChart({
    title: warning.length === 0 ? "Pawl beside its peers" : "Pawl beside its peers: a quick look, not to be compared",
    subtitle: `${machine.date.slice(0, 10)}, ${cpu}, ${cores} cores for everything, Postgres ${postgres}, ${options.samples} samples`,
    results,
    labels: new Map(shown.map(({ name, label }) => [name, label])),
  });
  const path = join(resultsDir, options.name ?? `peers-${machine.date.slice(0, 10)}`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.json`, `${JSON.stringify(json, null, 2)}\n`);
  await writeFile(`${path}.svg`, chart);
  await writeFile(`${path}.txt`, text);
  console.log(`Written: ${path}.json, .svg and .txt`);
}
