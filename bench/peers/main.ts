import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describeMachine } from "../report/machine.ts";
import { findProduct } from "../system/product.ts";
import type { Undo } from "../system/system.ts";
import { compareWithReference } from "./against-reference.ts";
import { isBarred, judge } from "./bars.ts";
import type { Contender, Stage } from "./contender.ts";
import { contenders } from "./contenders.ts";
import { installPeers, peersDir, peerVersions } from "./install.ts";
import type { PeersOptions } from "./options.ts";
import { referenceSource } from "./reference.ts";
import { drawPeersChart } from "./report/chart.ts";
import { type PeersFile, resultsDir } from "./report/peers-file.ts";
import { type PeerResult, toPeerResults } from "./report/results.ts";
import { renderPeers } from "./report/table.ts";
import { type Duration, measurePeers } from "./rounds.ts";
import type { Session } from "./session.ts";
import { startStagePostgres } from "./stage/postgres.ts";
import { howToGetRedis, redisProgram } from "./stage/redis.ts";
import { allWorks } from "./works/all-works.ts";
import { fullScale, quickScale } from "./works/work.ts";

const run = promisify(execFile);

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
  const works = allWorks.filter(({ name }) => options.works.includes(name));
  const beganAtMs = performance.now();
  const measured = await measurePeers(
    stage,
    {
      ...{ contenders: chosen, works, samples: options.samples },
      isRepeated: isBarred,
      scale: options.isQuick ? quickScale : fullScale,
    },
    onProgress,
  );
  const results = toPeerResults(
    measured.samples,
    chosen.map(({ name }) => name),
  );
  const versions: Readonly<Record<string, string>> = { ...(await peerVersions()), redis: await redisVersion() };
  await publish(
    {
      kind: "peers",
      isQuick: options.isQuick,
      works: options.works,
      samples: options.samples,
      machine,
      postgresSettings: stage.postgres.settings,
      versions,
      contenders: chosen.map(({ name, label, role, packageName, settings, lacks }) => {
        const version = packageName === null ? null : (versions[packageName] ?? null);
        return { name, label, role, version, settings, lacks };
      }),
      results,
      bars: judge(results),
      failures: measured.failures,
      reference: { source: referenceSource, rows: compareWithReference(results) },
      durations: works.map(({ name }) => ({ work: name, tookS: secondsOf(measured.durations, name) })),
      tookS: Math.round((performance.now() - beganAtMs) / 1_000),
    },
    options,
  );
  return results;
}

function secondsOf(durations: readonly Duration[], work: string): number {
  return Math.round(durations.filter((each) => each.work === work).reduce((sum, { tookS }) => sum + tookS, 0));
}

/** Leaves out what this machine can't run, and says so. */
function chooseContenders(options: PeersOptions, onProgress: (text: string) => void): readonly Contender[] {
  const asked = contenders.filter(({ name }) => options.contenders.includes(name));
  if (redisProgram !== null || !asked.some(({ store }) => store === "redis")) return asked;
  onProgress(`BullMQ is left out: ${howToGetRedis}`);
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
  if (redisProgram === null) return "none";
  const { stdout } = await run(redisProgram, ["--version"]);
  return /v=(\S+)/.exec(stdout)?.[1] ?? stdout.trim();
}

async function publish(file: PeersFile, options: PeersOptions): Promise<void> {
  const text = renderPeers(file).join("\n");
  console.log(text);
  const path = join(resultsDir, options.name ?? `peers-${file.machine.date.slice(0, 10)}`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.json`, `${JSON.stringify(file, null, 2)}\n`);
  await writeFile(`${path}.svg`, drawPeersChart(file));
  await writeFile(`${path}.txt`, text);
  const next = options.name === null ? " `npm run docs` puts them into README.md and docs/performance.md." : "";
  console.log(`Written: ${path}.json, .svg and .txt.${next}`);
}
