import { setTimeout as delay } from "node:timers/promises";
import { type Binaries, findBinaries } from "./binaries.ts";
import { clusterFiles, makeCluster, makeDataDir } from "./cluster.ts";
import { chooseEndpoint } from "./endpoint.ts";
import { chooseIdentity } from "./identity.ts";
import { own } from "./owner.ts";
import { type Postmaster, type PostmasterPlan, startPostmaster } from "./postmaster.ts";

/** The Postgres of a data folder, kept running. */
export interface EmbeddedPostgres {
  /** How to connect to it; stays the same when it is restarted. */
  readonly url: string;
  /** The pid of the server that runs now. */
  pid(): number;
  /** Ends it and gives the folder up; safe twice. */
  stop(): Promise<void>;
}

/** Where an embedded Postgres keeps its data, and whom it tells. */
export interface EmbeddedSettings {
  /** The data folder, absolute; made where it is missing. */
  readonly dataDir: string;
  /** Told when the server ended by itself and is started again. */
  readonly onRestart?: (message: string) => void;
  /** Further settings of Postgres, as `name=value`. */
  readonly settings?: readonly string[];
  /** Another Postgres to run; default: the one that came with npm. */
  readonly binaries?: Binaries;
}

const maxRestartDelayMs = 5_000;

/**
 * Starts the Postgres that came with npm, on data of its own: within about a second the first time, and 0.1 s later.
 *
 * The folder belongs to this process until {@link EmbeddedPostgres.stop}. A server that ends by itself is started again, for as long
 * as it takes. When this process dies, Postgres ends with it where the system can do that; else the next start ends it.
 *
 * @param settings - the data folder and who is told of restarts
 * @returns the server, accepting connections
 * @throws StartError in one sentence: the folder is in use or can't be written, or Postgres does not start
 * @example
 * ```ts
 * const postgres = await startEmbeddedPostgres({ dataDir: "/srv/pawl" });
 * ```
 */
export async function startEmbeddedPostgres(settings: EmbeddedSettings): Promise<EmbeddedPostgres> {
  const files = clusterFiles(settings.dataDir);
  await makeDataDir(settings.dataDir);
  const disown = await own(settings.dataDir, files.owner);
  try {
    const [binaries, identity] = await Promise.all([
      settings.binaries ?? findBinaries(),
      chooseIdentity(files.cluster),
    ]);
    await makeCluster(files, binaries, identity);
    const plan = {
      files,
      binaries,
      identity,
      endpoint: await chooseEndpoint(files),
      settings: settings.settings ?? [],
    };
    return await keepRunning(plan, settings.onRestart ?? (() => undefined), disown);
  } catch (error) {
    await disown();
    throw error;
  }
}

async function keepRunning(
  plan: PostmasterPlan,
  onRestart: (message: string) => void,
  disown: () => Promise<void>,
): Promise<EmbeddedPostgres> {
  let current: Postmaster = await startPostmaster(plan);
  const stopping = new AbortController();
  const supervision = supervise();
  let stopped: Promise<void> | null = null;

  async function supervise(): Promise<void> {
    await current.ended;
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        onRestart(failures === 0 ? "Postgres ended by itself and is started again" : "Postgres is started again");
        current = await startPostmaster(plan);
        failures = 0;
        if (stopping.signal.aborted) await current.stop();
        await current.ended;
      } catch (error) {
        failures += 1;
        onRestart(String(error));
        await delay(Math.min(maxRestartDelayMs, 100 * 2 ** failures), undefined, { signal: stopping.signal }).catch(
          () => undefined,
        );
      }
    }
  }

  return {
    url: plan.endpoint.url,
    pid: () => current.pid,
    stop() {
      stopped ??= (async () => {
        stopping.abort();
        await current.stop();
        await supervision;
        await disown();
      })();
      return stopped;
    },
  };
}
