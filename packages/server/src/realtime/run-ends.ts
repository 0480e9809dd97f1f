import type { StreamReader } from "../engine/stream-ports.ts";

/** How often is looked whether a run has ended that somebody reads of, in milliseconds. */
const lookEveryMs = 100;

/** Looking takes at most this part of the time. */
const busyShare = 0.1;

interface Follower {
  readonly environmentId: string;
  readonly runId: string;
  readonly onEnd: () => void;
}

/**
 * Tells when runs have ended, by looking at the store as long as somebody wants to know: one query for each environment, whoever
 * ends a run on whichever server.
 */
export class RunEnds {
  readonly #reader: Pick<StreamReader, "ended">;
  readonly #followers = new Set<Follower>();
  #timer: NodeJS.Timeout | null = null;
  #isLooking = false;

  constructor(reader: Pick<StreamReader, "ended">) {
    this.#reader = reader;
  }

  /**
   * Follows a run.
   *
   * @param environmentId - its environment
   * @param runId - the run
   * @param onEnd - called once, when it has ended
   * @returns ends it before
   */
  follow(environmentId: string, runId: string, onEnd: () => void): () => void {
    const follower = { environmentId, runId, onEnd };
    this.#followers.add(follower);
    this.#expect(0);
    return () => void this.#followers.delete(follower);
  }

  #expect(inMs: number): void {
    if (this.#timer !== null || this.#isLooking || this.#followers.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#isLooking = true;
      const startedMs = performance.now();
      void this.#look().finally(() => {
        this.#isLooking = false;
        this.#expect(Math.max(lookEveryMs, (performance.now() - startedMs) / busyShare));
      });
    }, inMs);
  }

  async #look(): Promise<void> {
    const ofEnvironment = Map.groupBy(this.#followers, ({ environmentId }) => environmentId);
    await Promise.all([...ofEnvironment].map(([id, followers]) => this.#lookIn(id, followers)));
  }

  async #lookIn(environmentId: string, followers: readonly Follower[]): Promise<void> {
    const runIds = new Set(followers.map(({ runId }) => runId));
    // A store that is out of reach is asked again with the next look.
    const ended = new Set(await this.#reader.ended(environmentId, [...runIds]).catch(() => []));
    for (const follower of followers) {
      if (ended.has(follower.runId) && this.#followers.delete(follower)) follower.onEnd();
    }
  }
}
