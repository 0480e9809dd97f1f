import { setTimeout as delay } from "node:timers/promises";
import type { Contender, Stage } from "./contender.ts";
import type { PeerSample } from "./figures.ts";
import type { Session } from "./session.ts";
import type { Scale, Work } from "./works/work.ts";

/** What to measure, and how often. */
export interface PeerRounds {
  readonly contenders: readonly Contender[];
  readonly works: readonly Work[];
  readonly samples: number;
  readonly scale: Scale;
}

/** One sample of a contender. */
export interface ContenderSample {
  readonly contender: string;
  readonly sample: PeerSample;
}

/** A work that a contender could not do. */
export interface Failure {
  readonly contender: string;
  readonly work: string;
  readonly reason: string;
}

/** What the rounds gave. */
export interface Measured {
  readonly samples: readonly ContenderSample[];
  readonly failures: readonly Failure[];
}

interface Task {
  readonly work: Work;
  readonly contender: Contender;
  readonly label: string;
  together(): Promise<void>;
}

const defaultConcurrency = 50;
const workTimeoutMs = 600_000;

/** Lets one that hangs fail, so that the others go on. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = delay(workTimeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`It has not ended after ${workTimeoutMs / 60_000} minutes.`);
  });
  late.catch(() => undefined); // also when it is in time
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

/**
 * Measures in rounds: each round takes one sample of every work of every contender, each time with fresh data, every second round in
 * the opposite order of contenders.
 *
 * @param stage - what the contenders share
 * @param rounds - what, and how often
 * @param onProgress - told each sample
 * @returns the samples in the order in which they were taken, and what failed
 */
export async function measurePeers(
  stage: Stage,
  rounds: PeerRounds,
  onProgress: (text: string) => void,
): Promise<Measured> {
  const samples: ContenderSample[] = [];
  const failures: Failure[] = [];
  let sessions = 0;

  async function measure({ work, contender, label, together }: Task): Promise<void> {
    const { scale } = rounds;
    stage.interrupted.throwIfAborted();
    let session: Session | null = null;
    try {
      session = await contender.open(stage, {
        name: `${contender.name.replaceAll("-", "_")}_${++sessions}`,
        kinds: work.kinds,
        concurrency: work.concurrency?.(scale) ?? defaultConcurrency,
      });
      stage.sessions.add(session);
      const { jobsDividedBy = 1, backlogDividedBy = 1 } = contender;
      const sample = await inTime(work.run(session, { scale, together, jobsDividedBy, backlogDividedBy }));
      samples.push({ contender: contender.name, sample });
      onProgress(`${label} ${shown(sample)}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.push({ contender: contender.name, work: work.name, reason });
      onProgress(`${label} FAILED: ${reason}`);
    } finally {
      await together(); // nobody has to wait for one that failed
      if (session !== null && stage.sessions.delete(session)) await session.close();
    }
  }

  for (let round = 1; round <= rounds.samples; round++) {
    const order = round % 2 === 1 ? rounds.contenders : [...rounds.contenders].reverse();
    for (const work of rounds.works.filter(({ isOnce }) => round === 1 || isOnce !== true)) {
      const able = order.filter(({ lacks }) => lacks[work.name] === undefined);
      const label = (contender: Contender) => `[${round}/${rounds.samples}] ${work.name}, ${contender.label}:`;
      if (work.isTogether === true) {
        const meet = meetingOf(able.length);
        await Promise.all(
          able.map((contender) => measure({ work, contender, label: label(contender), together: meet() })),
        );
      } else {
        for (const contender of able) {
          await measure({ work, contender, label: label(contender), together: async () => undefined });
        }
      }
    }
  }
  return { samples, failures };
}

/** Makes the means by which so many wait for each other, once; who comes a second time is not counted again. */
function meetingOf(count: number): () => () => Promise<void> {
  const all = Promise.withResolvers<void>();
  let came = 0;
  return () => {
    let hasCome = false;
    return () => {
      if (!hasCome) came += 1;
      hasCome = true;
      if (came === count) all.resolve();
      return all.promise;
    };
  };
}

function shown(sample: PeerSample): string {
  const parts = Object.entries(sample).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  return parts.length === 0 ? "nothing to tell" : parts.join(", ");
}
