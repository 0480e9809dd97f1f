import { availableParallelism } from "node:os";
import { patienceMs } from "./held-runs.ts";
import { type ProcessBundle, type ProcessObserver, type ProcessSettings, RunProcess } from "./run-process.ts";

/** The limits of a pool. */
export interface PoolLimits {
  /** Processes that execute or could. */
  readonly maxProcesses: number;
  /** Processes in all, with those that a waiting run has to itself; no fewer than `maxProcesses`. */
  readonly maxWithWaiting: number;
  /** Processes kept free for the current version. */
  readonly preparedProcesses: number;
}

const maxExecutions = 10_000;
const maxGrowthBytes = 256 * 1024 * 1024;
const idleRetireMs = 60_000;
/** A process that was asked to exit and has not is killed after this time, in milliseconds. */
const exitGraceMs = 2_000;
/** After a process could not be spawned for the limit of all, the host counts as full for so long, in milliseconds. */
const spentMs = 1_000;
/** After a process died before it was prepared, the next one is spawned so much later, in milliseconds. */
const respawnDelayMs = 500;

/** A bundle and whether its processes serve one run after another. */
export interface PooledVersion extends ProcessBundle {
  readonly processKeepAlive: boolean;
}

/**
 * The run processes of a host. A process is *prepared* once it has imported its bundle; it becomes *warm* by its first run
 * when its version keeps processes alive, and ends after it otherwise.
 */
export class ProcessPool {
  readonly limits: PoolLimits;
  readonly #settings: ProcessSettings;
  #observer: ProcessObserver | null = null;
  #variables: Readonly<Record<string, string>> = {};
  readonly #processes = new Set<RunProcess>();
  // Last in, first out: the process that ran last has the warmest caches, and those at the bottom can retire.
  readonly #idle = new Map<string, RunProcess[]>();
  readonly #spawnsAtOnce = Math.max(2, availableParallelism());
  #spawnNotBeforeMs = 0;
  #spentUntilMs = 0;
  #onEmpty: (() => void) | null = null;

  constructor(limits: PoolLimits, settings: ProcessSettings) {
    this.limits = limits;
    this.#settings = settings;
  }

  /** Says who is told what the processes do; before the first one is spawned. */
  observe(observer: ProcessObserver): void {
    this.#observer = observer;
  }

  /** Processes that are not dead. */
  get size(): number {
    return this.#processes.size;
  }

  values(): IterableIterator<RunProcess> {
    return this.#processes.values();
  }

  idleCount(versionId: string): number {
    return this.#idle.get(versionId)?.length ?? 0;
  }

  startingCount(versionId: string): number {
    let count = 0;
    for (const process of this.#processes) {
      if (process.state === "starting" && !process.isClosed && process.bundle.versionId === versionId) count++;
    }
    return count;
  }

  /** Busy processes of a version that are so for less than a time: they will soon be free. */
  busyLessThan(versionId: string, ms: number, nowMs: number): number {
    let count = 0;
    for (const process of this.#processes) {
      const isOfVersion = process.state === "busy" && process.bundle.versionId === versionId;
      if (isOfVersion && !process.isClosed && nowMs - process.sinceMs < ms) count++;
    }
    return count;
  }

  /** Runs that lie in processes of a version behind the executing one. */
  queuedCount(versionId: string): number {
    let count = 0;
    for (const process of this.#processes) {
      if (process.bundle.versionId === versionId) count += Math.max(0, process.runs.length - 1);
    }
    return count;
  }

  /** Takes back what lies in processes that have been busy with one run for too long. */
  recallStuck(nowMs: number): void {
    for (const process of this.#processes) {
      if (process.runs.length > 1 && nowMs - process.sinceMs >= patienceMs) process.recall(nowMs);
    }
  }

  get busyCount(): number {
    let count = 0;
    for (const process of this.#processes) if (process.state === "busy") count++;
    return count;
  }

  /** Processes that a waiting run has to itself. */
  get waitingCount(): number {
    let count = 0;
    for (const process of this.#processes) if (process.state === "waiting") count++;
    return count;
  }

  /** Runs that are parked in processes, whether or not they are about to go on. */
  get parkedCount(): number {
    let count = 0;
    for (const process of this.#processes) count += process.parked.size;
    return count;
  }

  /** Whether a process was missing lately that the limit of all did not allow. */
  isSpent(nowMs: number): boolean {
    return nowMs < this.#spentUntilMs;
  }

  /** Spawns one process, whatever the limits say. */
  spawn(version: PooledVersion): RunProcess {
    if (this.#observer === null) throw new Error("Nobody observes the pool.");
    const { environment } = this.#settings;
    const settings = { ...this.#settings, environment: { ...this.#variables, ...environment } };
    const process = new RunProcess(version, settings, this.#observer);
    this.#processes.add(process);
    return process;
  }

  /**
   * Gives all processes from now on other variables. Those that there are take no further run: idle ones end, others when what
   * executes and is parked in them has ended.
   */
  replaceVariables(variables: Readonly<Record<string, string>>, nowMs: number): void {
    this.#variables = variables;
    for (const process of this.#processes) {
      process.isClosed = true;
      process.recall(nowMs);
      if (process.state === "idle") this.release(process, true, nowMs);
    }
  }

  /** Spawns processes until so many of a version are idle or starting, as far as the limits allow. */
  grow(version: PooledVersion, wanted: number, nowMs: number): void {
    if (nowMs < this.#spawnNotBeforeMs) return;
    let starting = 0;
    for (const process of this.#processes) if (process.state === "starting") starting++;
    let missing = wanted - this.idleCount(version.versionId) - this.startingCount(version.versionId);
    while (missing-- > 0 && starting++ < this.#spawnsAtOnce) {
      if (this.size >= this.limits.maxProcesses && !this.#hasRoom(version.versionId, nowMs)) return;
      this.spawn(version);
    }
  }

  /** Spawns a process for a run that shares none, when every idle one of its version holds parked runs. */
  growEmpty(version: PooledVersion, nowMs: number): void {
    if (nowMs < this.#spawnNotBeforeMs || this.startingCount(version.versionId) > 0) return;
    const holding = [...this.#processes].filter(({ state, parked }) => state === "waiting" || parked.size > 0).length;
    if (this.size - holding >= this.limits.maxProcesses) return;
    if (this.size < this.limits.maxWithWaiting) this.spawn(version);
    else this.#spentUntilMs = nowMs + spentMs;
  }

  /** Takes an idle process of a version out of the pool's hands, to execute a run. */
  take(versionId: string): RunProcess | undefined {
    return this.#idle.get(versionId)?.pop();
  }

  /** Takes an idle process that holds no parked run. */
  takeEmpty(versionId: string): RunProcess | undefined {
    const idle = this.#idle.get(versionId) ?? [];
    const index = idle.findLastIndex(({ parked }) => parked.size === 0);
    return index === -1 ? undefined : idle.splice(index, 1)[0];
  }

  /** Takes a certain process, if it is idle. */
  takeThis(process: RunProcess): boolean {
    const idle = this.#idle.get(process.bundle.versionId) ?? [];
    const index = idle.lastIndexOf(process);
    if (index !== -1) idle.splice(index, 1);
    return index !== -1;
  }

  /** Takes a prepared process in, or lets it end when its variables are others by now. */
  add(process: RunProcess): void {
    if (process.isClosed) return process.exit();
    const idle = this.#idle.get(process.bundle.versionId);
    if (idle === undefined) this.#idle.set(process.bundle.versionId, [process]);
    else idle.push(process);
  }

  /**
   * Takes a process back in which nothing executes: it can take the next run, or waits with those that are parked in it, or
   * ends.
   */
  release(process: RunProcess, isLast: boolean, nowMs: number): void {
    if (process.state === "idle") this.takeThis(process);
    else if (process.state !== "busy" && process.state !== "waiting") return;
    if (isLast) process.isClosed = true;
    if (process.parked.size === 0 && (process.isClosed || isWornOut(process))) return process.exit();
    process.sinceMs = nowMs;
    if (process.isClosed || process.keepers > 0) {
      process.state = "waiting";
      return;
    }
    process.state = "idle";
    this.add(process);
  }

  /** Forgets a process that has died. */
  remove(process: RunProcess, wasPrepared: boolean, nowMs: number): void {
    this.#processes.delete(process);
    this.#spentUntilMs = 0;
    if (this.size === 0) this.#onEmpty?.();
    const idle = this.#idle.get(process.bundle.versionId);
    const index = idle?.indexOf(process) ?? -1;
    if (index !== -1) idle?.splice(index, 1);
    if (!wasPrepared) this.#spawnNotBeforeMs = nowMs + respawnDelayMs;
  }

  /** Resolves when every process has died. */
  whenEmpty(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Lets every idle process of a version end in which no run is parked. */
  retireIdle(versionId: string): void {
    const idle = this.#idle.get(versionId) ?? [];
    this.#idle.set(
      versionId,
      idle.filter(({ parked }) => parked.size > 0),
    );
    for (const process of idle) if (process.parked.size === 0) process.exit();
  }

  /** Lets processes end that nobody needed for a minute, kills those that don't end, and keeps output files small. */
  tidy(currentVersionId: string | null, nowMs: number): void {
    for (const process of this.#processes) {
      process.trimOutput();
      if (process.state === "ending" && nowMs - process.sinceMs > exitGraceMs) process.kill();
    }
    for (const [versionId, idle] of this.#idle) {
      const kept = versionId === currentVersionId ? this.limits.preparedProcesses : 0;
      const oldest = idle.find(({ parked }) => parked.size === 0);
      if (idle.length > kept && oldest !== undefined && nowMs - oldest.sinceMs > idleRetireMs) {
        idle.splice(idle.indexOf(oldest), 1);
        oldest.exit();
      }
    }
  }

  // Processes that wait with the runs that they hold do not count as executing; an idle one of another version can make room.
  #hasRoom(versionId: string, nowMs: number): boolean {
    if (this.size - this.waitingCount < this.limits.maxProcesses && this.size < this.limits.maxWithWaiting) return true;
    for (const [other, idle] of this.#idle) {
      const index = other === versionId ? -1 : idle.findIndex(({ parked }) => parked.size === 0);
      if (index === -1) continue;
      idle.splice(index, 1)[0]?.exit();
      return true;
    }
    if (this.size >= this.limits.maxWithWaiting && this.idleCount(versionId) === 0)
      this.#spentUntilMs = nowMs + spentMs;
    return false;
  }
}

/** Whether a process should take no more runs, for its age or the memory that it has gathered. */
export function isWornOut(process: RunProcess): boolean {
  return process.executions >= maxExecutions || process.rss > process.preparedRss + maxGrowthBytes;
}
