import type { Session } from "../session.ts";
import type { Scale, Work } from "./work.ts";

const drainTimeoutMs = 180_000;

/** How many of the first jobs end in a second, once they are let go. */
async function firstPerSecond(session: Session, first: number, { backlogMs }: Scale): Promise<number> {
  await session.settle();
  await session.letGo();
  const { count, elapsedMs } = await session.awaitFirst(first, backlogMs);
  return (count / elapsedMs) * 1_000;
}

/**
 * The first 20,000 jobs of an otherwise empty table, then of a table with a backlog of 500,000: those that end within 25 s at most. The
 * worker is warm from as many, and the tables were vacuumed.
 */
export const backlog: Work = {
  name: "backlog",
  gives: ["backlog_none_per_s", "backlog_per_s", "backlog_ratio"],
  isOnce: true,
  kinds: ["noop"],
  async run(session, { scale }) {
    const first = scale.backlogFirst;
    await session.startWorker();
    await session.fill(first);
    await session.awaitDrained(drainTimeoutMs);
    await session.holdBack();
    await session.fill(first);
    const none = await firstPerSecond(session, first, scale);
    await session.startWorker();
    await session.awaitDrained(drainTimeoutMs);
    await session.holdBack();
    await session.fillBacklog(scale.backlog);
    const many = await firstPerSecond(session, first, scale);
    return { backlog_none_per_s: none, backlog_per_s: many, backlog_ratio: many / none };
  },
};
