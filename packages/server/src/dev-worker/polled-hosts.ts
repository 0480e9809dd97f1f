import type { RunError } from "@pawl/contract/errors";
import { ApiError } from "../api/errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { HeldRun, PolledRunReader } from "../engine/polled-run-ports.ts";
import type { Environment } from "../engine/ports.ts";
import { PolledHost } from "./polled-host.ts";
import type { Presence } from "./presence.ts";

/** How often hosts are looked after, in milliseconds. */
const careEveryMs = 2_500;

/** An offer that no worker has taken by then goes back to its queue, in milliseconds. */
const offerLifeMs = 5_000;

/**
 * A worker that lives asks for the snapshot of each of its runs every 5 s; a run of which nobody asks for so long has been
 * dropped, or executed by a session that was killed and has a successor, in milliseconds.
 */
const silentRunMs = 20_000;

/** A host without a sign of life for so long is let go, in milliseconds. */
const idleMs = 30_000;

/** The most versions that an environment's workers are known to have; a worker keeps two beside its current one. */
const maxVersions = 20;

/** What is needed to have hosts. */
export interface PolledHostsSettings {
  readonly engine: Pick<Engine, "openHost">;
  readonly presence: Presence;
  readonly polledRuns: Pick<PolledRunReader, "held" | "versionIds">;
  readonly onError: (error: unknown) => void;
  /** A clock that never jumps, in milliseconds; default: `performance.now`. */
  readonly now?: () => number;
}

interface Kept {
  readonly host: PolledHost;
  readonly environment: Environment;
  lastSignAt: number;
  /** When each run was last asked for. */
  readonly runSigns: Map<string, number>;
}

/** Told of runs of which something has changed that their worker has to know. */
export type RunListener = (environmentId: string, runId: string) => void;

/**
 * The hosts of the workers that poll this server, one for each environment.
 *
 * **Who is alive.** Such a worker holds no connection that could break, so its lease is one of silence: every call of it, and
 * every look while its presence stream or a call is open, renews the lease of the environment's host; when it has been silent for as
 * long as any other host may be, its runs are rescued. A run counts as dropped when its worker lives and has not asked for it
 * for 20 s: one that executed has used its attempt, one that waited is recovered. One that is being cancelled has a deadline of its own. An offer that is not taken within
 * five seconds goes back, with a new fence, so that it can't be taken twice.
 */
export class PolledHosts {
  readonly #settings: PolledHostsSettings;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  readonly #opening = new Map<string, Promise<Kept>>();
  readonly #listeners = new Set<RunListener>();
  readonly #timer: NodeJS.Timeout;
  #isCaring = false;
  #isClosed = false;

  constructor(settings: PolledHostsSettings) {
    this.#settings = settings;
    this.#now = settings.now ?? (() => performance.now());
    settings.presence.listen({ seen: (environmentId) => this.#seen(environmentId), left: () => undefined });
    this.#timer = setInterval(() => void this.#care(), careEveryMs);
    this.#timer.unref();
  }

  /** The host of an environment of which a worker has just called. */
  async of(environment: Environment): Promise<PolledHost> {
    if (this.#isClosed) throw new ApiError("unavailable", "The server is stopping. Ask again in a moment.");
    const kept = this.#kept.get(environment.id) ?? (await this.#open(environment));
    this.#seen(environment.id);
    return kept.host;
  }

  /** A worker has asked for a run of its, or its code has asked for something. */
  runSeen(environmentId: string, runId: string): void {
    this.#kept.get(environmentId)?.runSigns.set(runId, this.#now());
  }

  /** A version was registered: whoever waits for runs asks again, with the version that it has now. */
  versionRegistered(environmentId: string): void {
    this.#kept.get(environmentId)?.host.endPolls();
  }

  /** Adds a listener; what is returned removes it. */
  listen(listener: RunListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Looks after all hosts once. */
  async runOnce(): Promise<void> {
    for (const kept of [...this.#kept.values()]) {
      try {
        await this.#careFor(kept);
      } catch (error) {
        if (!(error instanceof ApiError)) this.#settings.onError(error);
      }
    }
  }

  /** Lets go of all hosts; their workers go on at another server, or at this one when it is up again. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const { host } of [...this.#kept.values()]) host.close();
  }

  /** One look at a time: a store that is slow is not asked more and more. */
  async #care(): Promise<void> {
    if (this.#isCaring) return;
    this.#isCaring = true;
    await this.runOnce().finally(() => {
      this.#isCaring = false;
    });
  }

  #seen(environmentId: string): void {
    const kept = this.#kept.get(environmentId);
    if (kept === undefined) return;
    kept.lastSignAt = this.#now();
    kept.host.alive();
  }

  #open(environment: Environment): Promise<Kept> {
    const { id } = environment;
    const opening = this.#opening.get(id) ?? this.#make(environment).finally(() => this.#opening.delete(id));
    this.#opening.set(id, opening);
    return opening;
  }

  async #make(environment: Environment): Promise<Kept> {
    const { engine, polledRuns } = this.#settings;
    const { id } = environment;
    const versionIds = (await polledRuns.versionIds(id)).slice(-maxVersions);
    const host = new PolledHost({
      engine,
      environment,
      versionIds,
      now: this.#now,
      onChanged: (runId) => {
        for (const listener of this.#listeners) listener(id, runId);
      },
      onClosed: () => {
        if (this.#kept.get(id)?.host === host) this.#kept.delete(id);
      },
    });
    const kept: Kept = { host, environment, lastSignAt: this.#now(), runSigns: new Map() };
    if (host.isOpen && !this.#isClosed) this.#kept.set(id, kept);
    else host.close();
    return kept;
  }

  async #careFor(kept: Kept): Promise<void> {
    const { host, environment, runSigns } = kept;
    const now = this.#now();
    if (host.isAsked || this.#settings.presence.isHere(environment.id)) this.#seen(environment.id);
    if (now - kept.lastSignAt > idleMs) return host.close();
    const held = await this.#settings.polledRuns.held(environment.id, host.id);
    const heldIds = new Set(held.map(({ runId }) => runId));
    for (const runId of runSigns.keys()) if (!heldIds.has(runId)) runSigns.delete(runId);
    const forgotten = held.filter(({ offeredForMs }) => offeredForMs !== null && offeredForMs > offerLifeMs);
    if (forgotten.length > 0) await host.giveBack(forgotten);
    for (const run of held) {
      if (run.offeredForMs !== null || run.state === "cancelling") continue;
      const seenAt = runSigns.get(run.runId);
      if (seenAt === undefined) runSigns.set(run.runId, now);
      else if (now - seenAt > silentRunMs) await lose(host, run);
    }
  }
}

const dropped: RunError = {
  type: "INTERNAL_ERROR",
  code: "TASK_RUN_STALLED_EXECUTING",
  message: "The dev session that executed this run has dropped it, or was killed and followed by another.",
};

/** Takes a run back that its worker has dropped. */
async function lose(host: PolledHost, { runId, fence, state }: HeldRun): Promise<void> {
  if (state === "waiting" || state === "resuming") return void (await host.report({ orphaned: [{ runId, fence }] }));
  await host.finish({ kind: "failed", runId, fence, error: dropped, durationMs: 0, retry: { delayMs: 0 } });
}
