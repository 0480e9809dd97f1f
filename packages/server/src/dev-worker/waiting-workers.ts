import type { AssignedRun } from "@pawl/contract/worker-protocol";

/** A worker that was answered asks again at once: for so long runs of its version are kept for it, in milliseconds. */
const betweenCallsMs = 2_000;

/** Answers a worker that waits. */
export type AnswerWorker = (runs: readonly AssignedRun[]) => void;

/**
 * The workers of one environment that wait for runs. Each says which version it has built last, and may have some older ones; a run of a
 * version that a worker does not have fails there. So a run is offered to who says its version, also when that worker is between two calls;
 * to any other only when nobody says it.
 */
export class WaitingWorkers {
  readonly #now: () => number;
  readonly #waiting = new Map<AnswerWorker, string>();
  readonly #leftAt = new Map<string, number>();
  #kept: { readonly run: AssignedRun; readonly keptAt: number }[] = [];

  /** @param now - a clock that never jumps, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Adds a worker. */
  add(answer: AnswerWorker, versionId: string): void {
    this.#waiting.set(answer, versionId);
  }

  /** A worker waits no more; answers whether it did. */
  remove(answer: AnswerWorker): boolean {
    const versionId = this.#waiting.get(answer);
    if (versionId === undefined) return false;
    this.#leftAt.set(versionId, this.#now());
    return this.#waiting.delete(answer);
  }

  /** Ends all waiting. */
  endAll(): void {
    for (const answer of [...this.#waiting.keys()]) answer([]);
  }

  /**
   * Offers runs.
   *
   * @param runs - the runs
   * @returns those that nobody is there for
   */
  offer(runs: readonly AssignedRun[]): readonly AssignedRun[] {
    const offers = Map.groupBy(runs, ({ versionId }) => this.#workerFor(versionId));
    const nobody = offers.get(null) ?? [];
    const kept = nobody.filter(({ versionId }) => this.#isBetweenCalls(versionId));
    this.#kept = [
      ...this.#kept.filter((one) => this.#isFresh(one)),
      ...kept.map((run) => ({ run, keptAt: this.#now() })),
    ];
    for (const [answer, own] of offers) answer?.(own);
    return nobody.filter((run) => !kept.includes(run));
  }

  /** Takes the runs that were kept for a worker with this version. */
  take(versionId: string): readonly AssignedRun[] {
    const own = this.#kept.filter((one) => one.run.versionId === versionId);
    this.#kept = this.#kept.filter((one) => !own.includes(one));
    return own.filter((one) => this.#isFresh(one)).map(({ run }) => run);
  }

  #workerFor(versionId: string): AnswerWorker | null {
    for (const [answer, own] of this.#waiting) if (own === versionId) return answer;
    const [any = null] = this.#waiting.keys();
    return this.#isBetweenCalls(versionId) ? null : any;
  }

  #isBetweenCalls(versionId: string): boolean {
    const leftAt = this.#leftAt.get(versionId);
    if (leftAt === undefined || this.#now() - leftAt <= betweenCallsMs) return leftAt !== undefined;
    this.#leftAt.delete(versionId);
    return false;
  }

  /** One that was kept for longer is found as an offer that nobody took. */
  #isFresh({ keptAt }: { readonly keptAt: number }): boolean {
    return this.#now() - keptAt <= betweenCallsMs;
  }
}
