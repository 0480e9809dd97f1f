import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Session } from "../session.ts";
import type { Work } from "./work.ts";

const pollMs = 50;
const startTimeoutMs = 60_000;

interface HeldJobs {
  readonly started: ReadonlyMap<string, number>;
  readonly ended: ReadonlySet<string>;
}

async function readHeld({ holdPath }: Session): Promise<HeldJobs> {
  const text = await readFile(holdPath, "utf8").catch(() => ""); // not yet there
  const started = new Map<string, number>();
  const ended = new Set<string>();
  for (const line of text.split("\n")) {
    const [event, job = ""] = line.split(" ");
    if (event === "start") started.set(job, (started.get(job) ?? 0) + 1);
    if (event === "end") ended.add(job);
  }
  return { started, ended };
}

/** Looks until something holds, or the time is over. */
async function heldWhen(session: Session, holds: (jobs: HeldJobs) => boolean, timeoutMs: number): Promise<HeldJobs> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const jobs = await readHeld(session);
    if (holds(jobs) || performance.now() > deadlineMs) return jobs;
    await delay(pollMs);
  }
}

/**
 * The worker is killed with -9 while 100 jobs are in the middle of their handler, and started again at once: how long from the kill
 * until all are done, how many were not within the time, and how many started twice.
 */
export const crash: Work = {
  name: "crash",
  gives: ["crash_done_s", "crash_left", "crash_twice"],
  isOnce: true,
  kinds: ["hold"],
  concurrency: ({ held }) => held,
  async run(session, { scale }) {
    await session.startWorker();
    await session.enqueueHeld(scale.held);
    const before = await heldWhen(session, ({ started }) => started.size === scale.held, startTimeoutMs);
    if (before.started.size < scale.held) throw new Error(`Only ${before.started.size} jobs are in flight.`);
    const killedAtMs = performance.now();
    await session.killWorker();
    await writeFile(`${session.holdPath}.released`, "");
    await session.startWorker();
    const after = await heldWhen(session, ({ ended }) => ended.size === scale.held, scale.crashMs);
    const elapsedMs = performance.now() - killedAtMs;
    return {
      ...(after.ended.size === scale.held ? { crash_done_s: elapsedMs / 1_000 } : {}),
      crash_left: scale.held - after.ended.size,
      crash_twice: [...after.started.values()].filter((starts) => starts > 1).length,
    };
  },
};
