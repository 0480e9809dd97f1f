import type { CallAnswer, RunCall } from "@pawl/contract/worker-protocol";
import { CallError } from "@pawl/sdk/runtime";

interface OpenCall {
  readonly request: RunCall;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** The calls of one run that have no answer yet, by their numbers. */
export class RunCalls {
  readonly #open = new Map<number, OpenCall>();
  #count = 0;
  #onAnswered: (() => void) | null = null;

  /**
   * Whether code of the run expects an answer; a suspension expects none.
   *
   * @param isAwaited - says of a wait whether the call that opens it does not count, since its end is what is expected
   */
  isAnyOpen(isAwaited: (wait: string) => boolean = () => false): boolean {
    for (const { request } of this.#open.values()) {
      if (request.kind === "await") continue;
      if (request.wait === undefined || !isAwaited(request.wait)) return true;
    }
    return false;
  }

  /** Takes the next number for a call. @returns the number, and the promise of the answer's value */
  open(request: RunCall): { readonly call: number; readonly answer: Promise<unknown> } {
    const call = ++this.#count;
    const answer = new Promise<unknown>((resolve, reject) => this.#open.set(call, { request, resolve, reject }));
    return { call, answer };
  }

  /** Settles the call that an answer is for. @returns what was asked, or undefined when nobody waits for the answer */
  answer({ call, value, error }: CallAnswer): RunCall | undefined {
    const open = this.#open.get(call);
    if (open === undefined) return undefined;
    this.#open.delete(call);
    if (error === undefined) open.resolve(value);
    else open.reject(new CallError(error));
    if (this.#onAnswered !== null && !this.isAnyOpen()) this.#onAnswered();
    return open.request;
  }

  /** Resolves once no call of the code is open. */
  whenAnswered(): Promise<void> {
    if (!this.isAnyOpen()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onAnswered = resolve;
    });
  }
}
