import assert from "node:assert/strict";
import { test } from "node:test";
import { growthOf } from "./leaks.ts";
import type { Reading } from "./readings.ts";

/** Ten rounds in which the server's heap grows by so many bytes for each run, after it has warmed. */
function readings(bytes: number): readonly Reading[] {
  return Array.from({ length: 10 }, (_, round) => {
    const runs = (round + 1) * 10_000;
    const warmth = Math.min(round, 3) * 5;
    const swing = [0.02, -0.03, 0.01, 0, 0.03, -0.02, -0.01, 0.02, 0.01, -0.03][round] ?? 0;
    const memory = (heapMb: number) => ({ pid: 1, heapMb, rssMb: 100 + heapMb });
    return {
      runs,
      postgresMb: 50,
      processes: [
        { ...memory(40 + warmth + swing + (runs * bytes) / 1_000_000), role: "server" },
        { ...memory(30 + warmth - swing), role: "host", pid: 2 },
      ],
    };
  });
}

test("An object that each run leaves behind is a leak, and warming is none", () => {
  const leaksOf = (bytes: number) => growthOf(readings(bytes)).filter(({ isLeak }) => isLeak);
  assert.deepEqual(leaksOf(0), []);
  const [leak, ...others] = leaksOf(16);
  assert.equal(leak?.role, "server");
  assert.ok(Math.abs((leak?.heap.slope ?? 0) - 0.16) < 0.02, JSON.stringify(leak));
  assert.deepEqual(others, []);
});
