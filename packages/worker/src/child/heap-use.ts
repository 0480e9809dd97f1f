import { getHeapStatistics } from "node:v8";

/** The figure is good for so long, in milliseconds. */
const validMs = 10;

let ratio = 0;
let takenAtMs = Number.NEGATIVE_INFINITY;

/** The share of the heap's limit that is used, from 0 to 1; up to 10 ms old. */
export function heapUsedRatio(): number {
  const nowMs = performance.now();
  if (nowMs - takenAtMs > validMs) {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    ratio = Math.min(1, used / limit);
    takenAtMs = nowMs;
  }
  return ratio;
}
