import {
  type AssignedRun,
  type CallAnswer,
  type Capacity,
  maxControlMessageLength,
} from "@pawl/contract/worker-protocol";
import type { HostLink } from "../host-link.ts";
import type { Claim, ResumedRun } from "../ports.ts";

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
  /** The number of the connection: claims are for it, and not for the host alone. */
  readonly connection: number;
  readonly link: HostLink;
  versionIds: readonly string[];
  #capacity: Capacity;
  #lastPush = 0;
  #unseen: { readonly push: number; readonly direct: number; readonly ahead: number }[] = [];
  #reserved = { direct: 0, ahead: 0 };
  /** Runs of the host that others wait for, as far as is known: it saves work, and nothing depends on it. */
  readonly #awaited = new Set<string>();

  constructor(id: string, connection: number, link: HostLink, versionIds: readonly string[], capacity: Capacity) {
    this.id = id;
    this.connection = connection;
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
    ahead += Math.min(0, direct); // runs that were started in advance lie before its processes as those held ahead do
    return {
      direct: Math.max(0, direct - this.#reserved.direct),
      ahead: Math.max(0, ahead - this.#reserved.ahead),
    };
  }

  /** How many runs beyond those for processes may be started by the claim that brings them. */
  get inAdvance(): number {
    const { ready, inAdvance = 0 } = this.#capacity;
    const started = this.#unseen.reduce((sum, push) => sum + push.direct, 0);
    return Math.max(0, inAdvance - Math.max(0, started - ready));
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
   * @param envVarsVersion - the state of the environment's variables that they execute with; 0: there are none
   * @returns false when the connection has closed: nothing was sent
   */
  push(runs: readonly AssignedRun[], envVarsVersion = 0): boolean {
    if (!this.link.isOpen) return false;
    for (const part of messageParts(runs, lengthOfAssigned)) {
      const direct = part.filter((run) => run.isStarted).length;
      const push = ++this.#lastPush;
      this.#unseen.push({ push, direct, ahead: part.length - direct });
      const envVars = envVarsVersion === 0 ? {} : { envVarsVersion };
      this.link.send({ type: "runs", push, runs: part, ...envVars });
    }
    return true;
  }

  /** Takes note of runs that others wait for, and that the host is given. */
  expectEnd(runIds: readonly string[]): void {
    if (this.#awaited.size > mostAwaited) this.#awaited.clear(); // of runs that ended elsewhere nothing is heard
    for (const runId of runIds) this.#awaited.add(runId);
  }

  /** Takes note of runs that ended, or try again. @returns whether others may wait for any of them */
  ended(runs: readonly { readonly runId: string }[]): boolean {
    let isAwaited = false;
    for (const { runId } of runs) isAwaited = this.#awaited.delete(runId) || isAwaited;
    return isAwaited;
  }

  /** Tells the host of runs that go on; a host that does not hear it asks again when it comes back. */
  resume(runs: readonly ResumedRun[]): void {
    const sent = runs.map(({ runId, fence, waits }) => ({ runId, fence, waits: [...waits] }));
    for (const part of messageParts(sent, lengthAsText)) this.link.send({ type: "resumed", runs: part });
  }

  /** Answers calls of the host's runs. */
  answer(answers: readonly CallAnswer[]): void {
    for (const part of messageParts(answers, lengthAsText)) this.link.send({ type: "answers", answers: part });
  }

  /** Tells the host that the environment's variables have changed. */
  tellEnvVarsChanged(): void {
    if (this.link.isOpen) this.link.send({ type: "env_vars_changed" });
  }

  /** Asks the host to end runs, or to give runs back that have not started. */
  order(type: "cancel" | "recall", runs: readonly Claim[]): void {
    const sent = runs.map(({ runId, fence }) => ({ runId, fence }));
    for (const part of messageParts(sent, () => lengthOfClaim)) this.link.send({ type, runs: part });
  }
}

/** A host holds fewer runs that others wait for. */
const mostAwaited = 10_000;

/** Characters of a claim, and of a message around its entries. */
const lengthOfClaim = 64;
const messageFrameLength = 64;

function lengthOfAssigned(run: AssignedRun): number {
  return 1_024 + (run.payload?.length ?? 0) + (run.metadata?.length ?? 0);
}

function lengthAsText(entry: object): number {
  return JSON.stringify(entry).length;
}

/** Splits entries so that each part fits a message; one that is too long by itself makes a part of its own. */
function* messageParts<Entry>(entries: readonly Entry[], lengthOf: (entry: Entry) => number): Iterable<Entry[]> {
  let part: Entry[] = [];
  let length = messageFrameLength;
  for (const entry of entries) {
    const entryLength = lengthOf(entry) + 1;
    if (length + entryLength > maxControlMessageLength && part.length > 0) {
      yield part;
      part = [];
      length = messageFrameLength;
    }
    part.push(entry);
    length += entryLength;
  }
  if (part.length > 0) yield part;
}
