import { idFromNow } from "../copies.ts";
import { type Curve, stopNothing } from "../curve.ts";

const taskId = "bench.noop";
const keysEach = 10;
const most = 1_000;

/** As many queues; beyond a thousand, ten keys in each of a thousand, which execute one run at a time each. */
export const queues: Curve = {
  name: "queues",
  title: "In many queues and keys",
  unit: "queues that the runs are spread over",
  sizes: [1, 10, 100, most, most * keysEach],
  quickSizes: [1, 100],
  labelOf: (size) =>
    size > most
      ? `${most.toLocaleString("en-US")} queues × ${size / most} keys, limit 1`
      : `${size.toLocaleString("en-US")} ${size === 1 ? "queue" : "queues"}`,
  isKept: true,
  async arrange({ client, load, rows, worker }, size) {
    await worker();
    await rows.resume();
    const spread = size > most ? { queues: most, keys: size / most } : { queues: size, keys: 0 };
    // They exist before they are measured.
    await load.call("trigger_batches", { taskId, payload: { n: 1 }, batches: 10, runsEach: 1_000, spread });
    await rows.awaitAllFinished();
    if (spread.keys > 0) await client.query("update queue set concurrency_limit = 1 where name like 'bench-%'");
    return { sinceId: idFromNow(), spread, stop: stopNothing };
  },
};
