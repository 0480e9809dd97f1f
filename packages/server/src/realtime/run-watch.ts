import type { RealtimeReader, RunSelection, RunVersions } from "../engine/realtime-ports.ts";
import { type LookTimes, RepeatedLook } from "./repeated-look.ts";

/** While somebody waits for changes. One slow look says little of the next. */
const lookTimes: LookTimes = { everyMs: 25, busyShare: 0.25, longestPauseMs: 200 };

/** How often is looked for runs that are added to those that are followed, which costs more, in milliseconds. */
const selectEveryMs = 100;

/** Somebody who waits for a change of runs. */
interface Waiter {
  readonly environmentId: string;
  readonly selection: RunSelection;
  /** The runs as they are known; those that are added are not in it. */
  readonly known: RunVersions;
  readonly resolve: (changed: RunVersions) => void;
  readonly reject: (error: unknown) => void;
  selectedAtMs: number;
  /** With those that are added. */
  followed: RunVersions;
}

/**
 * Waits for changes of runs by looking at the store as long as somebody waits: all waiters together in one query for each
 * environment. Nobody who changes a run knows of it, on whichever server.
 */
export class RunWatch {
  readonly #reader: RealtimeReader;
  readonly #waiters = new Set<Waiter>();
  readonly #looking = new RepeatedLook(
    lookTimes,
    () => this.#waiters.size > 0,
    () => this.#look(),
  );

  constructor(reader: RealtimeReader) {
    this.#reader = reader;
  }

  /**
   * Waits until a run of a selection differs from what is known, or another run belongs to it.
   *
   * @param environmentId - the environment
   * @param selection - the runs
   * @param known - their versions as they are known
   * @param signal - ends the waiting
   * @returns the new versions of those that differ; none when the signal fired
   * @throws what the store throws
   */
  async change(
    environmentId: string,
    selection: RunSelection,
    known: RunVersions,
    signal: AbortSignal,
  ): Promise<RunVersions> {
    if (signal.aborted) return new Map();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { environmentId, selection, known, resolve, reject, selectedAtMs: 0, followed: known };
      this.#waiters.add(waiter);
      signal.addEventListener("abort", () => this.#waiters.delete(waiter) && resolve(new Map()), { once: true });
      this.#looking.wake();
    });
  }

  async #look(): Promise<void> {
    await Promise.all(
      [...Map.groupBy(this.#waiters, ({ environmentId }) => environmentId)].map(([id, waiters]) =>
        this.#lookIn(id, waiters),
      ),
    );
  }

  async #lookIn(environmentId: string, waiters: readonly Waiter[]): Promise<void> {
    try {
      await this.#follow(environmentId, waiters);
      // Where two know different versions of a run, its version is asked for without one.
      const asked = new Map<string, string>();
      for (const { followed } of waiters) {
        for (const [id, version] of followed) asked.set(id, asked.has(id) && asked.get(id) !== version ? "" : version);
      }
      const changed = await this.#reader.changed(environmentId, asked);
      for (const waiter of waiters) this.#tell(waiter, changed);
    } catch (error) {
      for (const waiter of waiters) if (this.#waiters.delete(waiter)) waiter.reject(error);
    }
  }

  /** Adds the runs that belong to a selection since; those who follow the same are served by one query. */
  async #follow(environmentId: string, waiters: readonly Waiter[]): Promise<void> {
    const nowMs = performance.now();
    const due = waiters.filter(
      ({ selection, selectedAtMs }) => selection.kind !== "run" && nowMs - selectedAtMs >= selectEveryMs,
    );
    await Promise.all(
      [...Map.groupBy(due, ({ selection }) => JSON.stringify(selection)).values()].map(async (alike) => {
        const [first] = alike;
        if (first === undefined) return;
        const ids = await this.#reader.select(environmentId, first.selection);
        for (const waiter of alike) {
          waiter.selectedAtMs = nowMs;
          waiter.followed = new Map(ids.map((id) => [id, waiter.known.get(id) ?? ""]));
        }
      }),
    );
  }

  #tell(waiter: Waiter, changed: RunVersions): void {
    const own = [...waiter.followed].flatMap(([id, version]) => {
      const now = changed.get(id);
      return now === undefined || now === version ? [] : [[id, now] as const];
    });
    if (own.length > 0 && this.#waiters.delete(waiter)) waiter.resolve(new Map(own));
  }
}
