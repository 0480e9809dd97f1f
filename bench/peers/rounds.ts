import { setTimeout as delay } from "node:timers/promises";
import type { Contender, Stage } from "./contender.ts";
import type { PeerSample } from "./figures.ts";
import type { Session } from "./session.ts";
import type { Scale, Work } from "./works/work.ts";

/** What to measure, and how often. */
export interface PeerRounds {
  readonly contenders: readonly Contender[];
  readonly works: readonly Work[];
  /** Rounds; those after the first take only what is repeated. */
  readonly samples: number;
  readonly isRepeated: (contender: Contender, work: Work) => boolean;
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

/** How long a work of a contender took, with all that was started and made for it. */
export interface Duration {
  readonly contender: string;
  readonly work: string;
  readonly tookS: number;
}

/** What the rounds gave. */
export interface Measured {
  readonly samples: readonly ContenderSample[];
  readonly failures: readonly Failure[];
  readonly durations: readonly Duration[];
}

/** A work of a contender, in one round. */
interface Task {
  readonly work: Work;
  readonly contender: Contender;
  readonly label: string;
}

const workTimeoutMs = 600_000;
const alone = async () => undefined;

/**
 * Measures in rounds: each round takes one sample of every work of every contender, each time with fresh data, every second round in
 * the opposite order of contenders. What mostly waits comes at the end of a round, side by side.
 *
 * @param stage - what the contenders share
 * @param rounds - what, and how often
 * @param onProgress - told each sample
 * @returns the samples in the order in which they were taken, what failed, and what took how long
 */
export async function measurePeers(
  stage: Stage,
  rounds: PeerRounds,
  onProgress: (text: string) => void,
): Promise<Measured> {
  const measuring = new Measuring(stage, rounds.scale, onProgress);
  for (let round = 1; round <= rounds.samples; round++) {
    const tasks = tasksOf(rounds, round);
    for (const task of tasks.filter((each) => !waits(each))) await measuring.measure(task, alone);
    const waiting = tasks.filter(waits);
    const meet = meetingOf(waiting.filter(({ work }) => work.isTogether === true).length);
    await Promise.all(waiting.map((task) => measuring.measure(task, task.work.isTogether === true ? meet() : alone)));
  }
  return measuring;
}

function tasksOf({ contenders, works, samples, isRepeated }: PeerRounds, round: number): readonly Task[] {
  const order = round % 2 === 1 ? contenders : [...contenders].reverse();
  return works.flatMap((work) =>
    order
      .filter(({ role }) => work.isOfPawlAlone !== true || role === "pawl")
      .filter(({ lacks }) => lacks[work.name] === undefined)
      .filter((contender) => round === 1 || (work.isOnce !== true && isRepeated(contender, work)))
      .map((contender) => ({ work, contender, label: `[${round}/${samples}] ${work.name}, ${contender.label}:` })),
  );
}

const waits = ({ work, contender }: Task) =>
  work.isTogether === true || (work.name === "crash" && contender.recoversByTimer === true);

/** Measures task by task, and keeps what came of it. */
class Measuring implements Measured {
  readonly samples: ContenderSample[] = [];
  readonly failures: Failure[] = [];
  readonly durations: Duration[] = [];
  readonly #stage: Stage;
  readonly #scale: Scale;
  readonly #onProgress: (text: string) => void;
  #sessions = 0;

  constructor(stage: Stage, scale: Scale, onProgress: (text: string) => void) {
    this.#stage = stage;
    this.#scale = scale;
    this.#onProgress = onProgress;
  }

  /**
   * @param task - what to measure
   * @param together - resolves when all that are measured side by side have come so far
   */
  async measure({ work, contender, label }: Task, together: () => Promise<void>): Promise<void> {
    const stage = this.#stage;
    const scale = { ...this.#scale, ...contender.scale?.(this.#scale) };
    stage.interrupted.throwIfAborted();
    const beganAtMs = performance.now();
    let session: Session | null = null;
    let shown: string;
    try {
      session = await contender.open(stage, {
        name: `${contender.name.replaceAll("-", "_")}_${++this.#sessions}`,
        kinds: work.kinds,
        concurrency: work.concurrency?.(scale) ?? null,
      });
      stage.sessions.add(session);
      const sample = await inTime(work.run(session, { scale, together }));
      this.samples.push({ contender: contender.name, sample });
      shown = textOf(sample);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.failures.push({ contender: contender.name, work: work.name, reason });
      shown = `FAILED: ${reason}`;
    } finally {
      await together(); // nobody has to wait for one that failed
      if (session !== null && stage.sessions.delete(session)) await session.close();
    }
    const tookS = Number(((performance.now() - beganAtMs) / 1_000).toFixed(1));
    this.durations.push({ contender: contender.name, work: work.name, tookS });
    this.#onProgress(`${label} ${shown} (${tookS} s)`);
  }
}

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

function textOf(sample: PeerSample): string {
  const parts = Object.entries(sample).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  return parts.length === 0 ? "nothing to tell" : parts.join(", ");
}
