import type { Work } from "./work.ts";

const warmUpMs = 500;

/** Single enqueues, 50 callers at once, while no worker runs: what the server accepts. */
export const enqueueSingle: Work = {
  name: "enqueue_single",
  gives: ["enqueue_single_per_s"],
  kinds: ["noop"],
  async run(session, { scale }) {
    await session.enqueueDuring(scale.callers, warmUpMs);
    const { count, elapsedMs } = await session.enqueueDuring(scale.callers, scale.enqueueMs);
    return { enqueue_single_per_s: (count / elapsedMs) * 1_000 };
  },
};

const each = 1_000;

/** Bulk calls of 1,000 no-op jobs, one after the other, while no worker runs. */
export const enqueueBulk: Work = {
  name: "enqueue_bulk",
  gives: ["enqueue_bulk_per_s"],
  kinds: ["noop"],
  async run(session, { scale }) {
    await session.enqueueBulk(1, each);
    const elapsedMs = await session.enqueueBulk(scale.bulkCalls, each);
    return elapsedMs === null ? {} : { enqueue_bulk_per_s: ((scale.bulkCalls * each) / elapsedMs) * 1_000 };
  },
};
