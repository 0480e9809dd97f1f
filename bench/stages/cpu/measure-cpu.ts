import { fullLivesPerSecond } from "../../measures/full-life.ts";
import { benchRole } from "../../system/postgres.ts";
import type { System } from "../../system/system.ts";
import {
  readStatementTimes,
  resetStatementTimes,
  type StatementTime,
  statementNames,
} from "../latency/statement-times.ts";
import type { Recorded, Role } from "../trace/protocol.ts";
import type { Trace } from "../trace/trace.ts";
import { type CpuOwner, type CpuRow, cpuOwner } from "./cpu-table.ts";
import { readProcessTimes, type TimedProcess, treeOf } from "./process-time.ts";
import { bucketsOf } from "./profile-buckets.ts";

/** How many runs are measured, and how often. */
export interface CpuPlan {
  readonly runs: number;
  readonly rounds: number;
}

/** Where the processor time of runs goes. */
export interface MeasuredCpu {
  readonly owners: readonly CpuOwner[];
  readonly usPerRun: number;
  /** Finished runs per second in each round. */
  readonly runsPerSecond: readonly number[];
  /** What Postgres counted in the last round, in its own measure, which is time and not processor time. */
  readonly statements: readonly StatementTime[];
}

/** What was used between two readings. */
interface Used {
  readonly totalMs: number;
  readonly mainMs: number;
}

/** What a round used: by the name of the owner; Postgres's processes by what each does. */
interface Round {
  readonly nodes: Readonly<Record<Role, Used>>;
  readonly backends: Used;
  readonly background: ReadonlyMap<string, Used>;
  readonly statements: readonly StatementTime[];
}

const noop = { taskId: "bench.noop", payload: { n: 1 } };
const namingRuns = 1_000;

/**
 * The processor time of queued no-op runs, by process and by what each process did. The totals are the kernel's, of rounds in
 * which nothing watched; how a Node process divides its own, a profile of one more round says.
 *
 * @param system - what is measured
 * @param trace - its collectors
 * @param plan - how much
 * @returns where it goes
 */
export async function measureCpu(system: System, trace: Trace, { runs, rounds }: CpuPlan): Promise<MeasuredCpu> {
  const names = await learnNames(system, trace);
  const measured: Round[] = [];
  const runsPerSecond: number[] = [];
  for (let round = 0; round < rounds; round++) {
    let before: ReadonlyMap<number, TimedProcess> = new Map();
    runsPerSecond.push(
      await fullLivesPerSecond(
        system,
        { ...noop, runs },
        {
          async before() {
            await resetStatementTimes(system.client);
            before = await readProcessTimes();
          },
          async after() {
            const after = await readProcessTimes();
            measured.push(await roundOf(system, before, after, await readStatementTimes(system.client, names)));
          },
        },
      ),
    );
  }
  const profiles = await profiled(system, trace, runs);
  const owners = ownersOf(measured, profiles, runs);
  const usPerRun = owners.reduce((sum, owner) => sum + owner.usPerRun, 0);
  const statements = measured.at(-1)?.statements ?? [];
  return { owners, runsPerSecond, usPerRun, statements };
}

async function learnNames(system: System, trace: Trace): Promise<ReadonlyMap<string, string>> {
  await system.worker();
  await trace.start("moments");
  await fullLivesPerSecond(system, { ...noop, runs: namingRuns });
  const recorded = await trace.stop();
  return statementNames(recorded.flatMap(({ role, moments }) => moments.map((moment) => ({ ...moment, role }))));
}

async function profiled(system: System, trace: Trace, runs: number): Promise<readonly Recorded[]> {
  let recorded: readonly Recorded[] = [];
  await fullLivesPerSecond(
    system,
    { ...noop, runs },
    {
      before: () => trace.start("profile"),
      async after() {
        recorded = await trace.stop();
      },
    },
  );
  return recorded;
}

async function roundOf(
  system: System,
  before: ReadonlyMap<number, TimedProcess>,
  after: ReadonlyMap<number, TimedProcess>,
  statements: readonly StatementTime[],
): Promise<Round> {
  const host = (await system.worker()).process.pid ?? 0;
  const used = (processes: readonly TimedProcess[]): Used => {
    const since = (key: keyof Used) =>
      processes.reduce((sum, process) => sum + process[key] - (before.get(process.pid)?.[key] ?? 0), 0);
    return { totalMs: since("totalMs"), mainMs: since("mainMs") };
  };
  const only = (pid: number) => [...after.values()].filter((process) => process.pid === pid);
  const postgres = treeOf(after, system.postmasterPid).filter(({ title }) => !title.includes(benchRole));
  const isBackend = ({ title }: TimedProcess) => /\[local\]|\d+\(\d+\)/.test(title);
  const background = new Map<string, Used>();
  for (const process of postgres.filter((one) => !isBackend(one))) {
    const name = kindOf(process);
    background.set(name, sumOf([background.get(name), used([process])]));
  }
  return {
    nodes: {
      server: used(only(system.server.child.process.pid ?? 0)),
      host: used(only(host)),
      process: used(treeOf(after, host).filter(({ pid }) => pid !== host)),
    },
    backends: used(postgres.filter(isBackend)),
    background,
    statements,
  };
}

function kindOf({ title }: TimedProcess): string {
  const kind = /^postgres: ([a-z ]+?)(?: \d+)? *$/.exec(title)?.[1];
  if (kind === undefined) return "postmaster";
  return kind.startsWith("autovacuum") ? "autovacuum" : kind;
}

function sumOf(all: readonly (Used | undefined)[]): Used {
  const sum = (key: keyof Used) => all.reduce((total, used) => total + (used?.[key] ?? 0), 0);
  return { totalMs: sum("totalMs"), mainMs: sum("mainMs") };
}

function ownersOf(rounds: readonly Round[], profiles: readonly Recorded[], runs: number): readonly CpuOwner[] {
  const perRun = (ms: number) => (ms * 1_000) / runs / rounds.length;
  const node = (name: string, role: Role) => {
    const { totalMs, mainMs } = sumOf(rounds.map(({ nodes }) => nodes[role]));
    const shares = sharesOf(profiles.filter((recorded) => recorded.role === role));
    const rows = shares.map(({ part, share }) => ({ part, usPerRun: share * perRun(mainMs) }));
    return cpuOwner(name, perRun(totalMs), rows, "other threads (garbage collector, compiler, files)");
  };
  return [
    node("server", "server"),
    postgresOwner(rounds, perRun),
    node("worker host", "host"),
    node("run processes", "process"),
  ];
}

function sharesOf(profiles: readonly Recorded[]): readonly { readonly part: string; readonly share: number }[] {
  const sums = new Map<string, number>();
  for (const { profile } of profiles) {
    if (profile === null) continue;
    for (const [bucket, took] of bucketsOf(profile)) sums.set(bucket, (sums.get(bucket) ?? 0) + took);
  }
  const whole = [...sums.values()].reduce((sum, took) => sum + took, 0);
  return [...sums].map(([part, took]) => ({ part, share: took / whole }));
}

/**
 * Postgres counts how long its statements took, not the processor time: so each counts as if it had never waited for a processor, but
 * all together for no more than the backends used; and of statements that wait for locks each call counts as the shortest did.
 */
function postgresOwner(rounds: readonly Round[], perRun: (ms: number) => number): CpuOwner {
  const backends = sumOf(rounds.map((round) => round.backends));
  const statements = new Map<string, number>();
  for (const { name, calls, totalMs, shortestMs } of rounds.flatMap((round) => round.statements)) {
    const tookMs = name.includes("lock") ? calls * shortestMs : totalMs;
    statements.set(name, (statements.get(name) ?? 0) + tookMs);
  }
  const counted = [...statements.values()].reduce((sum, ms) => sum + ms, 0);
  const share = Math.min(1, backends.totalMs / counted);
  const kinds = new Set(rounds.flatMap(({ background }) => [...background.keys()]));
  const background = [...kinds].map((kind) => ({
    part: kind,
    usPerRun: perRun(sumOf(rounds.map((round) => round.background.get(kind))).totalMs),
  }));
  const rows: CpuRow[] = [...statements].map(([name, ms]) => ({
    part: `statement ${name}`,
    usPerRun: perRun(ms * share),
  }));
  const whole = perRun(backends.totalMs) + background.reduce((sum, row) => sum + row.usPerRun, 0);
  return cpuOwner(
    "Postgres",
    whole,
    [...rows, ...background],
    "protocol, binding, taking up plans and their locks, begin and commit",
  );
}
