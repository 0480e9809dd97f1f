import { type AssignedRun, type Capacity, maxControlMessageLength } from "@pawl/contract/worker-protocol";
import type { HostLink } from "../host-link.ts";

/** Runs that a claim may bring to a host: started at once, or ahead of its processes. */
export interface Room {
  readonly direct: number;
  readonly ahead: number;
}

/**
 * A worker host on this server, and how much it can take. The host counts its capacity as of the last push it has seen; what
 * was pushed after that, and what claims under way may bring, is taken off here.
 */
export class ConnectedHost {
  readonly id: string;
  readonly link: HostLink;
  versionIds: readonly string[];
  #capacity: Capacity;
  #lastPush = 0;
  #unseen: { readonly push: number; readonly direct: number; readonly ahead: number }[] = [];
  #reserved = { direct: 0, ahead: 0 };

  constructor(id: string, link: HostLink, versionIds: readonly string[], capacity: Capacity) {
    this.id = id;
    this.link = link;
    this.versionIds = versionIds;
    this.#capacity = capacity;
    this.#lastPush = capacity.afterPush;
  }

  get environmentId(): string {
    return this.link.environment.id;
  }

  /** Processes of the host in all. */
  get processes(): number {
    return this.#capacity.processes;
  }

  /** Takes the host's own count. */
  update(capacity: Capacity): void {
    this.#capacity = capacity;
    this.#unseen = this.#unseen.filter((push) => push.push > capacity.afterPush);
  }

  /** What the host can still take. */
  get room(): Room {
    let { ready: direct, ahead } = this.#capacity;
    for (const push of this.#unseen) {
      direct -= push.direct;
      ahead -= push.ahead;
    }
    return {
      direct: Math.max(0, direct - this.#reserved.direct),
      ahead: Math.max(0, ahead - this.#reserved.ahead),
    };
  }

  /** Sets room aside for a claim, at most as much as is named; {@link release} ends it. */
  reserve(most: Room = { direct: Number.POSITIVE_INFINITY, ahead: Number.POSITIVE_INFINITY }): Room {
    const room = this.room;
    const reserved = { direct: Math.min(room.direct, most.direct), ahead: Math.min(room.ahead, most.ahead) };
    this.#reserved.direct += reserved.direct;
    this.#reserved.ahead += reserved.ahead;
    return reserved;
  }

  release(reserved: Room): void {
    this.#reserved.direct -= reserved.direct;
    this.#reserved.ahead -= reserved.ahead;
  }

  /**
   * Sends runs to the host, in messages within the limit of control.
   *
   * @returns false when the connection has closed: nothing was sent
   */
  push(runs: readonly AssignedRun[]): boolean {
    if (!this.link.isOpen) return false;
    let part: AssignedRun[] = [];
    let length = 0;
    for (const run of runs) {
      const runLength = 512 + (run.payload?.length ?? 0);
      if (length + runLength > maxControlMessageLength && part.length > 0) {
        this.#send(part);
        part = [];
        length = 0;
      }
      part.push(run);
      length += runLength;
    }
    this.#send(part);
    return true;
  }

  #send(runs: readonly AssignedRun[]): void {
    const direct = runs.filter((run) => run.isStarted).length;
    const push = ++this.#lastPush;
    this.#unseen.push({ push, direct, ahead: runs.length - direct });
    this.link.send({ type: "runs", push, runs: [...runs] });
  }
}
