import { join } from "node:path";
import type { Contender, Stage } from "./contender.ts";
import { defaultConcurrency, openPackage, type PackageServer } from "./package-session.ts";
import { openPawl } from "./pawl-session.ts";
import type { AdapterName } from "./protocol.ts";
import type { SessionPlan } from "./session.ts";
import { freePort } from "./stage/free-port.ts";
import { onPawlTables } from "./stage/pawl-rows.ts";
import { startRedis } from "./stage/redis.ts";
import { startRestate } from "./stage/restate-server.ts";
import { type WorkName, workNames } from "./works/work.ts";

interface PackagePlan extends Omit<Contender, "open" | "packageName" | "role"> {
  readonly adapter: AdapterName;
  readonly packageName: string;
  readonly role?: Contender["role"];
  readonly variant?: string;
  readonly children?: number;
  readonly server: (stage: Stage, plan: SessionPlan) => Promise<PackageServer>;
}

async function onPostgres({ postgres }: Stage, { name }: SessionPlan): Promise<PackageServer> {
  return {
    url: await postgres.makeDatabase(name),
    countQueries: () => postgres.countStatements(name),
    settle: () => postgres.vacuum(name),
    close: () => postgres.dropDatabase(name),
  };
}

const onRedis =
  (appendfsync: "always" | "everysec") =>
  async ({ dir }: Stage, { name }: SessionPlan): Promise<PackageServer> => {
    const redis = await startRedis(join(dir, name, "redis"), appendfsync);
    return { ...redis, countQueries: redis.countCommands, settle: async () => undefined, close: redis.stop };
  };

async function onRestate({ dir, peersDir }: Stage, { name, concurrency }: SessionPlan): Promise<PackageServer> {
  const server = await startRestate(join(dir, name, "restate"), peersDir, concurrency ?? defaultConcurrency);
  return {
    url: server.ingressUrl,
    adminUrl: server.adminUrl,
    workerPort: await freePort(),
    countQueries: async () => null,
    settle: async () => undefined,
    close: server.stop,
  };
}

function packageContender({ adapter, variant = "", children = 0, server, ...contender }: PackagePlan): Contender {
  return {
    role: "peer",
    ...contender,
    async open(stage, plan) {
      const started = await server(stage, plan);
      try {
        const dir = join(stage.dir, plan.name);
        return await openPackage({ adapter, variant, children, dir, plan, server: started });
      } catch (error) {
        await started.close();
        throw error;
      }
    },
  };
}

/** All works but some, for one reason. */
function allBut(names: readonly WorkName[], reason: string): Partial<Record<WorkName, string>> {
  return Object.fromEntries(workNames.filter((name) => !names.includes(name)).map((name) => [name, reason]));
}

const noParents = { parent_child: "has no parents", fan_out: "has no parents" };
const graphile = {
  adapter: "graphile-worker",
  packageName: "graphile-worker",
  store: "postgres",
  recoversByTimer: true,
  server: onPostgres,
} as const;
const bull = { adapter: "bullmq", packageName: "bullmq", store: "redis", recoversByTimer: true, lacks: {} } as const;
const bare = { adapter: "bare", packageName: "pg", role: "floor", store: "postgres" } as const;

/** Pawl and its peers, in the order of the tables. */
export const contenders: readonly Contender[] = [
  {
    name: "pawl",
    label: "Pawl",
    role: "pawl",
    store: "postgres",
    packageName: null,
    settings:
      "its server (HTTP), one worker host with its defaults, runs in processes of their own, one at a time in each; history and telemetry kept; synced before it answers; one of the hosts' processes for each run of the crash test.",
    lacks: {},
    open: openPawl,
  },
  packageContender({
    ...{ name: "pg-boss", label: "pg-boss, tuned", adapter: "pg-boss", packageName: "pg-boss", store: "postgres" },
    settings:
      "in process; NOTIFY, one fetcher of batches of 50 with burst, 1 s polls and flows; jobs kept; no await of a child: a flow; in the crash test heartbeats of 10 s and a fetcher for each job; synced before it answers.",
    lacks: {},
    scale: ({ roundTrips }) => ({ roundTrips: roundTrips / 5 }),
    recoversByTimer: true,
    server: onPostgres,
  }),
  packageContender({
    ...graphile,
    name: "graphile-worker",
    label: "graphile-worker",
    settings: "in process; 50 jobs at once; NOTIFY, 2 s poll; jobs deleted when done; synced before it answers.",
    lacks: noParents,
  }),
  packageContender({
    ...graphile,
    name: "graphile-worker-batching",
    label: "graphile-worker, local queue",
    variant: "batching",
    settings:
      "as above, with a local queue of 500, refetched after 10 ms, and completions in batches: done jobs are not yet stored as such when a worker dies.",
    lacks: noParents,
  }),
  packageContender({
    ...graphile,
    name: "graphile-worker-children",
    label: "graphile-worker → 2 processes",
    children: 2,
    settings: "as graphile-worker, with its handler in two reused child processes, one job at a time in each.",
    lacks: allBut(["end_to_end", "start_latency"], "differs from graphile-worker in its handlers only"),
  }),
  packageContender({
    ...bull,
    name: "bullmq-everysec",
    label: "BullMQ, Redis everysec",
    settings:
      "in process; 50 jobs at once; done jobs removed; append-only file, but Redis answers before it syncs: a power cut may lose about a second.",
    server: onRedis("everysec"),
  }),
  packageContender({
    ...bull,
    name: "bullmq-always",
    label: "BullMQ, Redis always",
    settings: "in process; 50 jobs at once; done jobs removed; append-only file, and Redis syncs it before it answers.",
    server: onRedis("always"),
  }),
  packageContender({
    ...{
      name: "dbos",
      label: "DBOS, 10 ms poll",
      adapter: "dbos",
      packageName: "@dbos-inc/dbos-sdk",
      store: "postgres",
    },
    settings:
      "in process; a queue with 50 workflows at once, polled every 10 ms; children in the parent's process, without the queue; workflows kept; bulk: 1,000 enqueueInTransaction in one transaction; synced before it answers.",
    lacks: {},
    scale: ({ jobs, bulkCalls }) => ({ jobs: jobs / 2, bulkCalls: Math.ceil(bulkCalls / 5) }),
    server: onPostgres,
  }),
  packageContender({
    ...{
      name: "restate",
      label: "Restate",
      adapter: "restate",
      packageName: "@restatedev/restate-server",
      store: "own",
    },
    settings:
      "its server (HTTP) calls the worker's process; at most 50 invocations at once in each of its 24 partitions; one node with its defaults, so its log is synced; invocations kept.",
    lacks: { enqueue_bulk: "has no bulk call", idle: "its store has no queries to count" },
    scale: ({ backlog }) => ({ backlog: backlog / 5 }),
    server: onRestate,
  }),
  packageContender({
    ...{
      name: "openworkflow",
      label: "OpenWorkflow",
      adapter: "openworkflow",
      packageName: "openworkflow",
      store: "postgres",
    },
    settings:
      "in process; 50 workflows at once; its own poll with backoff; a client pool of 10, which pipelines; workflows kept; synced before it answers.",
    lacks: { enqueue_bulk: "has no bulk call" },
    scale: ({ jobs, backlogFirst }) => ({ jobs: jobs / 4, backlogFirst: backlogFirst / 4 }),
    recoversByTimer: true,
    server: onPostgres,
  }),
  packageContender({
    ...bare,
    name: "bare",
    label: "bare table (a floor)",
    settings:
      "no product: in process, 50 jobs at once; one narrow table with one index; one INSERT a call, NOTIFY after its commit at most once in 1 ms, claims of as many as are free with SKIP LOCKED, one UPDATE for all that ended meanwhile; no retries, recovery, history or parents; synced before it answers.",
    lacks: { ...noParents, crash: "has no recovery" },
    server: onPostgres,
  }),
  packageContender({
    ...bare,
    name: "bare-rows",
    label: "bare loop, Pawl's rows (a floor)",
    variant: "pawl-rows",
    settings:
      "no product: the same loop, but on Pawl's own tables, with the rows that Pawl writes for a no-op run and all their indexes: inserted into run and live_run, live_run updated to what executes, then deleted and run updated to what has finished; no HTTP, no processes, no logic, no telemetry.",
    lacks: allBut(["enqueue_single", "enqueue_bulk", "end_to_end", "mixed"], "is there for what the rows cost"),
    server: onPawlTables,
  }),
];
