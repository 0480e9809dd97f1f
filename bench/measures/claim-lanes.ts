import type { FigureName } from "../figures.ts";
import { type ClaimStage, makeClaimStage } from "./claim-stage.ts";
import type { Measure } from "./measure.ts";
import { median } from "./statistics.ts";

const claims = 200;
const warmUp = 20;
const each = 1_000;

/** Claims among 10,000 lanes: all at their limit, all ready, and of 1,000 queues with 10 keys each. */
export const claimLanes: Measure = {
  gives: ["claim_10000_lanes_at_limit_p50_ms", "claim_10000_lanes_ready_p50_ms", "claim_1000_queues_of_10_keys_p50_ms"],
  isOnce: true,
  async sample(system) {
    const sample: Partial<Record<FigureName, number>> = {};
    for (const [name, scene] of scenes) {
      const stage = await makeClaimStage(system);
      try {
        sample[name] = median((await scene(stage)).slice(warmUp));
      } finally {
        await stage.close();
      }
    }
    return sample;
  },
};

const scenes: readonly (readonly [FigureName, (stage: ClaimStage) => Promise<readonly number[]>])[] = [
  ["claim_10000_lanes_at_limit_p50_ms", lanesAtLimit],
  ["claim_10000_lanes_ready_p50_ms", lanesReady],
  ["claim_1000_queues_of_10_keys_p50_ms", manyQueues],
];

/** Each of 10,000 keys executes the one run it may and has more queued. One after another ends; the claim takes that key's next. */
async function lanesAtLimit(stage: ClaimStage): Promise<readonly number[]> {
  await limitQueues(stage, 1);
  const where = keys(10_000, (n) => ({ concurrencyKey: `key ${n}` }));
  for (const part of where) await stage.queue([...part, ...part]);
  const held = [];
  for (;;) {
    const { claimed } = await stage.claim(each);
    if (claimed.length === 0) break;
    held.push(...claimed);
  }
  if (held.length !== 10_000) throw new Error(`${held.length} runs are held instead of 10,000.`);
  await vacuum(stage);
  const took: number[] = [];
  for (let n = 0; n < claims + warmUp; n++) {
    await stage.complete(held.splice(0, 1));
    const { claimed, tookMs } = await stage.claim(10);
    if (claimed.length !== 1) throw new Error(`A claim brought ${claimed.length} runs instead of one.`);
    held.push(...claimed);
    took.push(tookMs);
  }
  return took;
}

/** 10,000 keys without a limit have runs queued; a claim takes ten. */
async function lanesReady(stage: ClaimStage): Promise<readonly number[]> {
  for (const part of keys(10_000, (n) => ({ concurrencyKey: `key ${n}` }))) await stage.queue([...part, ...part]);
  return claimTens(stage);
}

/** 1,000 queues with a limit of five, with ten keys each; a claim takes ten. */
async function manyQueues(stage: ClaimStage): Promise<readonly number[]> {
  const where = keys(10_000, (n) => ({ queueName: `queue ${n % 1_000}`, concurrencyKey: `key ${n % 10_000}` }));
  for (const part of where) await stage.queue([...part, ...part]);
  await limitQueues(stage, 5);
  return claimTens(stage);
}

async function claimTens(stage: ClaimStage): Promise<readonly number[]> {
  await stage.claim(10);
  await vacuum(stage);
  const took: number[] = [];
  for (let n = 0; n < claims + warmUp; n++) {
    const { claimed, tookMs } = await stage.claim(10);
    if (claimed.length !== 10) throw new Error(`A claim brought ${claimed.length} runs instead of ten.`);
    await stage.complete(claimed);
    took.push(tookMs);
  }
  return took;
}

async function limitQueues(stage: ClaimStage, limit: number): Promise<void> {
  await stage.sql(`update queue set concurrency_limit = ${limit}`);
}

/** As autovacuum does a minute later. */
async function vacuum(stage: ClaimStage): Promise<void> {
  for (const table of ["live_run", "lane", "lane_wake"]) await stage.sql(`vacuum analyze ${table}`);
}

function keys<T>(count: number, make: (n: number) => T): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let n = 0; n < count; n += each) parts.push(Array.from({ length: each }, (_, index) => make(n + index)));
  return parts;
}
