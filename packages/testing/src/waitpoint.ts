import type { WaitResult } from "@pawl/contract/worker-protocol";

/** Something that runs wait for. It is over once, and stays so. */
export class Waitpoint {
  readonly id: string;
  /** What it is, for people: `a time`, `the token waitpoint_1`. */
  readonly about: string;
  #result: WaitResult | null = null;
  #listeners: (() => void)[] = [];

  constructor(id: string, about: string) {
    this.id = id;
    this.about = about;
  }

  /** What it came to; null while it is not over. */
  get result(): WaitResult | null {
    return this.#result;
  }

  /** Ends it; a second end changes nothing. */
  end(result: WaitResult): void {
    if (this.#result !== null) return;
    this.#result = result;
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** Calls a function once it is over; at once if it is. */
  whenOver(listener: () => void): void {
    if (this.#result === null) this.#listeners.push(listener);
    else listener();
  }
}
