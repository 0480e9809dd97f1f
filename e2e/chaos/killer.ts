import { setTimeout as delay } from "node:timers/promises";

/** What can be killed. */
export const victimKinds = ["process", "host", "server", "postgres"] as const;

/** A kind of process that can be killed. */
export type VictimKind = (typeof victimKinds)[number];

/** Kills one process of the kind, chosen by the number from 0 to 1; answers false while there is none. */
export type Kill = (kind: VictimKind, choice: number) => Promise<boolean>;

const shortestPauseMs = 400;
const longestPauseMs = 2_600;
/** A server or Postgres that dies less often than a lease lasts leaves room for rescues in between. */
const weights: Readonly<Record<VictimKind, number>> = { process: 55, host: 20, server: 12, postgres: 13 };

/**
 * Kills at random times, each kind once before any kind comes again, until it is told to stop. The same seed makes the same
 * choices; what they hit depends on the machine.
 *
 * @param seed - any integer
 * @param kill - kills
 * @param signal - stops it
 * @returns how many of each kind were killed
 */
export async function killAtRandom(
  seed: number,
  kill: Kill,
  signal: AbortSignal,
): Promise<Readonly<Record<VictimKind, number>>> {
  const random = randomFrom(seed);
  const killed = { process: 0, host: 0, server: 0, postgres: 0 };
  const first = victimKinds.map((kind) => ({ kind, place: random() })).sort((a, b) => a.place - b.place);
  for (;;) {
    const pauseMs = shortestPauseMs + random() * (longestPauseMs - shortestPauseMs);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return killed;
    const kind = first.shift()?.kind ?? chooseKind(random());
    if (await kill(kind, random())) killed[kind]++;
  }
}

function chooseKind(choice: number): VictimKind {
  let left = choice * Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  for (const kind of victimKinds) {
    left -= weights[kind];
    if (left < 0) return kind;
  }
  return "process";
}

/** Mulberry32: small, and even enough to choose what to kill. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
