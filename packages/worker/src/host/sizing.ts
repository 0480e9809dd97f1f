import { availableParallelism } from "node:os";
import type { Capacity } from "@pawl/contract/worker-protocol";
import { CpuIdle } from "./cpu-idle.ts";
import { patienceMs } from "./held-runs.ts";
import type { HostState, HostVersion } from "./host-state.ts";
import type { ProcessPool } from "./process-pool.ts";

/** A process busy for less than this counts as about to be free, so none is spawned in its place, in milliseconds. */
const soonFreeMs = 10;
/** A run that lies for longer than this shows that more processes are needed, in milliseconds. */
const crowdedMs = 15;
/** While runs flow, they get more processes only if so much of the processors is idle. */
const minIdleShare = 0.25;
/** The most that is held ahead in all, for each process that there may be. */
const aheadPerProcess = 8;
const minAhead = 128;

/** Decides how many runs the host asks for and how many processes it keeps. */
export class Sizing {
  readonly #state: HostState;
  readonly #pool: ProcessPool;
  readonly #cpu = new CpuIdle();
  readonly #fewProcesses = 2 * availableParallelism();

  constructor(state: HostState, pool: ProcessPool) {
    this.#state = state;
    this.#pool = pool;
  }

  /** How many more runs this host can take. */
  capacity(nowMs: number): Capacity {
    const { current, isDraining, afterPush, held } = this.#state;
    const processes = this.#pool.limits.maxProcesses;
    if (isDraining || current === null || this.#pool.isSpent(nowMs))
      return { ready: 0, ahead: 0, processes, afterPush };
    const { versionId } = current;
    const idle = this.#pool.idleCount(versionId);
    const queue = held.queue(versionId);
    const booked = queue.waiting.length + queue.startingCount;
    // With parked runs in them, more processes can be idle than may execute.
    const free = this.#pool.size > processes ? Math.min(idle, processes - this.#pool.busyCount) : idle;
    const ready = Math.max(0, free - booked);
    const limit = this.aheadLimit(current, nowMs);
    const room = limit - queue.ahead.length - Math.max(0, booked - idle) - this.#pool.queuedCount(versionId);
    // Told in large steps, so that the server claims many at once.
    const ahead = room > 0 && (ready > 0 || room * 2 >= limit) ? room : 0;
    const inAdvance = Math.max(0, Math.floor(this.startsInAdvance(current, nowMs)) - Math.max(0, booked - idle));
    return { ready, ahead, inAdvance: Math.min(ahead, inAdvance), processes, afterPush };
  }

  /** How many runs of a version may be held ahead now: none for processes that have been busy for 50 ms. */
  aheadLimit(version: HostVersion, nowMs: number): number {
    if (!version.processKeepAlive) return 0;
    const { versionId } = version;
    const flowing = this.#pool.idleCount(versionId) + this.#pool.busyLessThan(versionId, patienceMs, nowMs);
    return Math.min(
      this.#state.pace.aheadPerProcess * flowing,
      Math.max(minAhead, aheadPerProcess * this.#pool.limits.maxProcesses),
    );
  }

  /** How many runs of a version may have started without executing yet. */
  startsInAdvance(version: HostVersion, nowMs: number): number {
    return this.#state.pace.isVeryShort ? this.aheadLimit(version, nowMs) / 2 : 0;
  }

  /** Spawns processes of the current version when too few are free or about to be. */
  grow(nowMs: number): void {
    const { current, held, pace } = this.#state;
    if (current === null) return;
    const { versionId } = current;
    const queue = held.queue(versionId);
    const oldest = queue.waiting[0] ?? queue.ahead[0];
    const isCrowded =
      oldest !== undefined && nowMs - oldest.sinceMs > crowdedMs && this.#wouldMoreHelp(versionId, nowMs);
    const { preparedProcesses } = this.#pool.limits;
    if (isCrowded || !current.processKeepAlive) return this.#pool.grow(current, Math.max(1, preparedProcesses), nowMs);
    const soonFree = this.#pool.busyLessThan(versionId, pace.isVeryShort ? patienceMs : soonFreeMs, nowMs);
    this.#pool.grow(current, preparedProcesses - soonFree, nowMs);
  }

  // Where processes are kept waiting by the processors and not by their runs, more of them would only compete.
  #wouldMoreHelp(versionId: string, nowMs: number): boolean {
    if (this.#pool.size < this.#fewProcesses) return true;
    const busy = this.#pool.busyLessThan(versionId, Number.POSITIVE_INFINITY, nowMs);
    const moving = this.#pool.busyLessThan(versionId, patienceMs, nowMs);
    return (moving * 2 < busy && !this.#state.pace.isVeryShort) || this.#cpu.share(nowMs) >= minIdleShare;
  }
}
