import type { HostMessage, ParsedRunCall } from "@pawl/contract/worker-protocol";
import type { BatchOutcome } from "../batch-ports.ts";
import { Batcher } from "../batcher.ts";
import type { BatchRequest, TriggerRequest } from "../engine.ts";
import type { ConnectedHost } from "../host/connected-host.ts";
import type { TriggerOutcome } from "../ports.ts";
import type { Awaiting, NewWait, OpenedWait, WaitStore } from "../wait-ports.ts";
import { batchOf, newWaitOf, triggerOf, WrongCall } from "./call-requests.ts";
import { lostClaim, type Refusal, refusalOf } from "./refusal.ts";

/** A call of a run, as its host sent it. */
export type RunCallMessage = Extract<HostMessage, { type: "calls" }>["calls"][number];

/** What calls need of the engine around them. */
export interface CallSettings {
  readonly waits: WaitStore;
  readonly trigger: (request: TriggerRequest) => Promise<TriggerOutcome>;
  readonly createBatch: (request: BatchRequest) => Promise<BatchOutcome>;
  /** Whether an error of the store may be the doing of one row of an array. */
  readonly isRowError: (error: unknown) => boolean;
  /** Runs gave slots back: `isAwaited` when that concerns a limited queue or a wait, and not only the environment's limit. */
  readonly onFreed: (environmentId: string, isAwaited: boolean) => void;
  /** A wait ends in this many milliseconds. */
  readonly onDue: (dueInMs: number) => void;
}

/** The most calls of one kind in one transaction. */
const maxCallsAtOnce = 500;

/**
 * What code of a host's runs asks for. Calls of one kind that come together share a transaction, and those that come while it
 * is under way the next one. The `await` of a run is applied when all that the run asked before is committed: so a trigger and
 * the wait for it are two transactions, one right after the other, with no round trip to the run between them.
 *
 * A host that reconnects sends again what was not answered: keys of waits, and request keys made of the host's numbers, see to
 * it that this has no second effect.
 */
export class RunCalls {
  readonly #host: ConnectedHost;
  readonly #settings: CallSettings;
  readonly #opens: Batcher<NewWait, OpenedWait>;
  readonly #suspends: Batcher<Awaiting, Refusal | null>;
  /** For each run with calls under way, the end of all of them. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  #answers: Parameters<ConnectedHost["answer"]>[0][number][] = [];

  constructor(host: ConnectedHost, settings: CallSettings) {
    this.#host = host;
    this.#settings = settings;
    const batching = { maxItems: maxCallsAtOnce, maxInFlight: 1, isItemError: settings.isRowError };
    this.#opens = new Batcher({ ...batching, run: (waits) => this.#open(waits) });
    this.#suspends = new Batcher({ ...batching, run: (awaiting) => this.#suspend(awaiting) });
  }

  /**
   * Applies calls and answers them.
   *
   * @throws what the store throws for no fault of a call: the calls without an answer have to come again
   */
  async apply(calls: readonly RunCallMessage[]): Promise<void> {
    await Promise.all(calls.map((call) => this.#inTurn(call)));
  }

  #inTurn(call: RunCallMessage): Promise<void> {
    const before = this.#underWay.get(call.runId);
    const applied =
      call.request.kind === "await" && before !== undefined
        ? before.then(() => this.#applyOne(call))
        : this.#applyOne(call);
    const all = Promise.allSettled([before, applied]);
    this.#underWay.set(call.runId, all);
    void all.then(() => {
      if (this.#underWay.get(call.runId) === all) this.#underWay.delete(call.runId);
    });
    return applied;
  }

  async #applyOne(call: RunCallMessage): Promise<void> {
    try {
      const result = await this.#ask(call);
      this.#answer("refused" in result ? { call: call.call, error: result.refused } : { call: call.call, ...result });
    } catch (error) {
      const refusal = this.#refusalOfError(error);
      if (refusal === null) throw error;
      this.#answer({ call: call.call, error: refusal });
    }
  }

  #refusalOfError(error: unknown): Refusal | null {
    if (error instanceof WrongCall) return error.refusal;
    if (!this.#settings.isRowError(error)) return null;
    const reason = error instanceof Error ? error.message : String(error);
    return { code: "unprocessable", message: `Postgres refused to store what the call says: ${reason}.` };
  }

  async #ask(call: RunCallMessage): Promise<{ readonly value: unknown } | { readonly refused: Refusal }> {
    const { request } = call;
    switch (request.kind) {
      case "trigger": {
        const outcome = await this.#settings.trigger(triggerOf(call, request, this.#host));
        if (outcome.kind === "refused") return { refused: refusalOf(outcome.reason) };
        const isCached = outcome.kind === "found" && outcome.isCached;
        return { value: { runId: outcome.runId, isCached, isFound: outcome.kind === "found" && !isCached } };
      }
      case "batch": {
        const outcome = await this.#settings.createBatch(batchOf(call, request, this.#host));
        if (outcome.kind === "refused") return { refused: refusalOf(outcome.reason) };
        const isCached = outcome.kind === "found" && outcome.isCached;
        const isFound = outcome.kind === "found" && !isCached;
        return { value: { batchId: outcome.id, runCount: outcome.runCount, isCached, isFound } };
      }
      case "time":
      case "token":
      case "join":
        return this.#answerToWait(request, await this.#opens.add(newWaitOf(call, request)));
      case "await": {
        const { runId, fence } = call;
        const refused = await this.#suspends.add({ runId, fence, waits: request.waits });
        return refused === null ? { value: null } : { refused };
      }
    }
  }

  #answerToWait(
    request: Extract<ParsedRunCall, { kind: "time" | "token" | "join" }>,
    opened: OpenedWait,
  ): { readonly value: unknown } | { readonly refused: Refusal } {
    if (opened.kind === "lost_claim") return { refused: lostClaim };
    if (opened.kind === "no_waitpoint") {
      return { refused: { code: "not_found", message: "There is no such token in this environment.", field: "token" } };
    }
    const { waitpointId, dueAt, isFound } = opened;
    if (request.kind === "token") {
      return { value: { waitpointId, isCached: isFound, isFound, ...this.#host.link.tokenAccess(waitpointId) } };
    }
    return { value: { waitpointId, isFound, ...(dueAt === null ? {} : { atMs: dueAt.getTime() }) } };
  }

  async #open(waits: readonly NewWait[]): Promise<readonly OpenedWait[]> {
    const opened = await this.#settings.waits.open(this.#host.environmentId, this.#host.id, waits);
    const dueInMs = opened.flatMap((wait) => (wait.kind === "opened" && wait.dueInMs !== null ? [wait.dueInMs] : []));
    if (dueInMs.length > 0) this.#settings.onDue(Math.min(...dueInMs));
    return opened;
  }

  async #suspend(awaiting: readonly Awaiting[]): Promise<readonly (Refusal | null)[]> {
    const { environmentId, id } = this.#host;
    const outcome = await this.#settings.waits.suspend(environmentId, id, awaiting);
    const lost = new Set(outcome.lost.map((claim) => claim.runId));
    if (outcome.resumed.length > 0) setImmediate(() => this.#resume(outcome.resumed));
    this.#settings.onFreed(environmentId, outcome.hasFreed);
    return awaiting.map((one) => (lost.has(one.runId) ? lostClaim : null));
  }

  /** After the answers to the calls that came to it. */
  #resume(runs: Parameters<ConnectedHost["resume"]>[0]): void {
    this.#flush();
    this.#host.resume(runs);
  }

  /** Answers that are found in one turn of the event loop go together. */
  #answer(answer: Parameters<ConnectedHost["answer"]>[0][number]): void {
    if (this.#answers.push(answer) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const answers = this.#answers;
    this.#answers = [];
    this.#host.answer(answers);
  }
}
