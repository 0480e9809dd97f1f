import { cpus } from "node:os";

const windowMs = 500;

/** How much of the machine's processors lay idle in the last half second or more. */
export class CpuIdle {
  #atMs = 0;
  #idle = 0;
  #total = 0;
  #share = 1;

  /** The idle share, from 0 to 1. */
  share(nowMs: number): number {
    if (nowMs - this.#atMs < windowMs) return this.#share;
    let idle = 0;
    let total = 0;
    for (const { times } of cpus()) {
      idle += times.idle;
      total += times.idle + times.user + times.sys + times.nice + times.irq;
    }
    if (total > this.#total) this.#share = (idle - this.#idle) / (total - this.#total);
    this.#atMs = nowMs;
    this.#idle = idle;
    this.#total = total;
    return this.#share;
  }
}
