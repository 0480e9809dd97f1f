import { type Job, Queue, WaitingChildrenError, Worker } from "bullmq";
import type { Adapter, Body } from "./adapter.ts";

interface Numbered {
  readonly n: number;
}

const queueName = "bench";
const jobOptions = { removeOnComplete: true };

function connectionTo(url: string) {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
}

/** The parent's handler runs twice: it makes the children, and is called again when they are done. */
async function executeParent(
  job: Job<Numbered>,
  token: string,
  queue: Queue<Numbered>,
  began: Map<string, number>,
): Promise<number> {
  const { id = "" } = job;
  const beganAtMs = began.get(id);
  if (beganAtMs !== undefined) {
    await job.getChildrenValues();
    return performance.now() - beganAtMs;
  }
  began.set(id, performance.now());
  const children = Array.from({ length: job.name === "parent" ? 1 : job.data.n }, (_, n) => ({
    name: "noop",
    data: { n },
    opts: { ...jobOptions, parent: { id, queue: queue.qualifiedName } },
  }));
  await queue.addBulk(children);
  if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
  await job.getChildrenValues();
  return performance.now() - (began.get(id) ?? 0);
}

async function execute(job: Job<Numbered>, body: Body, wait: () => Promise<number>): Promise<void> {
  if (job.name === "noop") await body.noop(job.data.n);
  else if (job.name === "hold") await body.hold(job.data.n);
  else body.waited(await wait());
}

/** BullMQ on Redis; how often Redis syncs is a setting of that server. */
export const bullmq: Adapter = {
  async connect({ url }) {
    const queue = new Queue<Numbered>(queueName, { connection: connectionTo(url) });
    await queue.waitUntilReady();
    return {
      enqueue: (kind, n) => queue.add(kind, { n }, jobOptions),
      enqueueMany: (numbers) => queue.addBulk(numbers.map((n) => ({ name: "noop", data: { n }, opts: jobOptions }))),
      async isDrained() {
        const counts = await queue.getJobCounts("wait", "active", "delayed", "prioritized", "waiting-children");
        return Object.values(counts).every((count) => count === 0);
      },
    };
  },
  async work({ url, concurrency }, body) {
    const connection = connectionTo(url);
    const queue = new Queue<Numbered>(queueName, { connection });
    const began = new Map<string, number>();
    const worker = new Worker<Numbered>(
      queueName,
      (job, token = "") => execute(job, body, () => executeParent(job, token, queue, began)),
      { connection, concurrency },
    );
    worker.on("error", (error) => console.error(error));
    await worker.waitUntilReady();
  },
};
