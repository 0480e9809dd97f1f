import type { StreamReader } from "../engine/stream-ports.ts";
import { type LookTimes, RepeatedLook } from "./repeated-look.ts";

/** While somebody reads of a run that has not ended. */
const lookTimes: LookTimes = { everyMs: 100, busyShare: 0.1 };

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
  readonly #looking = new RepeatedLook(
    lookTimes,
    () => this.#followers.size > 0,
    () => this.#look(),
  );

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
    this.#looking.wake();
    return () => void this.#followers.delete(follower);
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
