import { type CallAnswer, maxControlMessageLength, type SentHostMessage } from "@pawl/contract/worker-protocol";
import type { HeldRun } from "./held-runs.ts";
import type { ChildCall } from "./run-process.ts";

interface PendingCall {
  readonly run: HeldRun;
  /** The number that the run's process gave it. */
  readonly runCall: number;
  readonly message: Extract<SentHostMessage, { type: "calls" }>["calls"][number];
}

/** What a call is answered with once its run's claim is lost. */
export const lostClaimError = {
  code: "lost_claim",
  message: "The claim of this run was lost, so its code can ask for nothing more.",
} as const;

/**
 * Carries what code of runs asks for to the server and the answers back. Calls of one turn of the event loop share a message.
 * A call is kept until it is answered, and sent again after a reconnect.
 */
export class Calls {
  readonly #send: (message: SentHostMessage) => boolean;
  #count = 0;
  // In the order of their numbers.
  readonly #pending = new Map<number, PendingCall>();
  #unsent: PendingCall[] = [];
  #isFlushDue = false;

  /** @param send - sends a message, or answers false when there is no connection */
  constructor(send: (message: SentHostMessage) => boolean) {
    this.#send = send;
  }

  /** Takes a call of a run that is held. */
  add(run: HeldRun, { call: runCall, request }: ChildCall): void {
    const call = ++this.#count;
    const { runId, fence } = run.run;
    const pending: PendingCall = { run, runCall, message: { runId, fence, call, request } };
    this.#pending.set(call, pending);
    this.#unsent.push(pending);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => this.#flush());
  }

  /** Hands answers of the server to the processes. */
  answered(answers: readonly CallAnswer[]): void {
    for (const answer of answers) {
      const pending = this.#pending.get(answer.call);
      if (pending === undefined) continue; // answered before, or its run has ended
      this.#pending.delete(answer.call);
      tell(pending, answer);
    }
  }

  /** Drops the calls of a run that has ended; those of this turn are still sent. */
  forget(run: HeldRun): void {
    if (this.#pending.size === 0) return;
    if (this.#unsent.length > 0) this.#flush();
    for (const [call, pending] of this.#pending) if (pending.run === run) this.#pending.delete(call);
  }

  /** Answers the calls of a run whose claim is lost with an error. */
  lost(run: HeldRun): void {
    for (const [call, pending] of this.#pending) {
      if (pending.run !== run) continue;
      this.#pending.delete(call);
      tell(pending, { call, error: lostClaimError });
    }
  }

  /** Sends again what has no answer, in the order in which it was asked. */
  resend(): void {
    this.#unsent = [...this.#pending.values()];
    this.#flush();
  }

  #flush(): void {
    this.#isFlushDue = false;
    const calls = this.#unsent.filter(({ message }) => this.#pending.has(message.call));
    this.#unsent = [];
    let part: PendingCall["message"][] = [];
    let length = 0;
    for (const { message } of calls) {
      const ownLength = calls.length === 1 ? 0 : JSON.stringify(message).length;
      if (length + ownLength > maxControlMessageLength && part.length > 0) {
        this.#send({ type: "calls", calls: part });
        part = [];
        length = 0;
      }
      part.push(message);
      length += ownLength;
    }
    if (part.length > 0) this.#send({ type: "calls", calls: part });
  }
}

function tell({ run, runCall }: PendingCall, { value, error }: CallAnswer): void {
  run.process?.answer(run.run.runId, {
    call: runCall,
    ...(value === undefined ? {} : { value }),
    ...(error === undefined ? {} : { error }),
  });
}
