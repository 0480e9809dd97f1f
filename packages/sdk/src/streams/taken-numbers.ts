/**
 * Which records of a stream somebody has taken, or has asked for. Records are numbered from 0 without a gap.
 *
 * @example
 * ```ts
 * const numbers = new TakenNumbers();
 * numbers.takeNext(); // 0
 * numbers.takeNext(); // 1
 * numbers.giveBack(0);
 * numbers.takeNext(); // 0
 * ```
 */
export class TakenNumbers {
  /** All below are taken. */
  #low = 0;
  readonly #taken = new Set<number>();
  /** Asked for, and may be given back. */
  readonly #asked = new Set<number>();

  /** The lowest that nobody has. */
  get next(): number {
    let number = this.#low;
    while (this.has(number)) number++;
    return number;
  }

  has(number: number): boolean {
    return number < this.#low || this.#taken.has(number) || this.#asked.has(number);
  }

  /** Asks for the lowest that nobody has. */
  takeNext(): number {
    const number = this.next;
    this.#asked.add(number);
    return number;
  }

  /** The record has come to who asked for it, or to nobody in particular. */
  settle(number: number): void {
    if (number < this.#low) return;
    this.#asked.delete(number);
    this.#taken.add(number);
    while (this.#taken.delete(this.#low)) this.#low++;
  }

  /** Who asked for it waits no more. */
  giveBack(number: number): void {
    this.#asked.delete(number);
  }
}
