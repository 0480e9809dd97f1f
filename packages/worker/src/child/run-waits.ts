import type { WaitResult } from "@pawl/contract/worker-protocol";
import type { EndedWait } from "../channel/messages.ts";

/** A wait that code awaits. */
class AwaitedWait {
  resolve: (result: WaitResult) => void = () => {};
  reject: (reason: unknown) => void = () => {};
  readonly promise = new Promise<WaitResult>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

/** The waits of one run: those that its code awaits, and results that came before anybody awaited them. */
export class RunWaits {
  readonly #awaited = new Map<string, AwaitedWait>();
  readonly #early = new Map<string, WaitResult>();
  // A result can come twice, when a suspension crosses a resume; the second one is nobody's.
  readonly #over = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** The key of the next wait of a kind. */
  next(kind: string): string {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return `${kind}#${count}`;
  }

  /** The keys of the waits that code awaits now. */
  get awaited(): readonly string[] {
    return [...this.#awaited.keys()];
  }

  /** Whether the result of a wait is there, and nobody has taken it. */
  isOver(wait: string): boolean {
    return this.#early.has(wait);
  }

  /** Whether code awaits a wait, or has awaited it until it was over. */
  wasAwaited(wait: string): boolean {
    return this.#awaited.has(wait) || this.#over.has(wait);
  }

  /** Awaits a wait; who awaits the same one meanwhile gets the same promise. */
  await(wait: string): Promise<WaitResult> {
    const early = this.#early.get(wait);
    if (early !== undefined) {
      this.#early.delete(wait);
      this.#over.add(wait);
      return Promise.resolve(early);
    }
    const awaited = this.#awaited.get(wait) ?? new AwaitedWait();
    this.#awaited.set(wait, awaited);
    this.#over.delete(wait);
    return awaited.promise;
  }

  /** Gives out results; those that nobody awaits yet are kept. */
  deliver(ended: readonly EndedWait[]): void {
    for (const { wait, result } of ended) {
      const awaited = this.#awaited.get(wait);
      if (awaited !== undefined) {
        this.#awaited.delete(wait);
        this.#over.add(wait);
        awaited.resolve(result);
      } else if (!this.#over.has(wait)) this.#early.set(wait, result);
    }
  }

  /** Rejects the promises of waits; those that nobody awaits are left alone. */
  reject(waits: readonly string[], reason: unknown): void {
    for (const wait of waits) {
      const awaited = this.#awaited.get(wait);
      this.#awaited.delete(wait);
      awaited?.reject(reason);
    }
  }
}
