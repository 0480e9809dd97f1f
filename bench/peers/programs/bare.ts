import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Adapter, Body, PeerClient } from "./adapter.ts";
import { type BareStatements, type ClaimedRow, ownTable, pawlRows } from "./bare-statements.ts";

const channel = "bare";
const notifyEveryMs = 1;
const pollMs = 1_000;
/** As Pawl's store sets its connections, so that the same statement on the same tables has the same plan. */
const sessionOfPawl =
  "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; " +
  "set enable_mergejoin = off; set jit = off";

async function openStatements(
  url: string,
  variant: string,
  max: number,
): Promise<{ readonly pool: pg.Pool; readonly statements: BareStatements }> {
  const pool = new pg.Pool({ connectionString: url, max });
  if (variant !== "pawl-rows") return { pool, statements: ownTable };
  pool.on("connect", (client) => void client.query(sessionOfPawl));
  return { pool, statements: await pawlRows(pool) };
}

/** Tells of new rows after their commit, on a connection of its own, at most once in a millisecond. */
class Notifier {
  readonly #client: pg.Client;
  #isDue = false;
  #isSending = false;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async notify(): Promise<void> {
    this.#isDue = true;
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#isDue) {
      this.#isDue = false;
      await this.#client.query(`notify ${channel}`);
      await delay(notifyEveryMs);
    }
    this.#isSending = false;
  }
}

/** Claims as many rows as it has free places, in one statement, and finishes in one what has ended while the last was under way. */
class Loop {
  readonly #pool: pg.Pool;
  readonly #statements: BareStatements;
  readonly #body: Body;
  #free: number;
  #ended: string[] = [];
  #isClaiming = false;
  #isWoken = false;
  #isFinishing = false;

  constructor(pool: pg.Pool, statements: BareStatements, body: Body, places: number) {
    this.#pool = pool;
    this.#statements = statements;
    this.#body = body;
    this.#free = places;
  }

  async wake(): Promise<void> {
    this.#isWoken = true;
    if (this.#isClaiming) return;
    this.#isClaiming = true;
    while (this.#isWoken && this.#free > 0) {
      this.#isWoken = false;
      const rows = await this.#statements.claim(this.#pool, this.#free);
      this.#free -= rows.length;
      if (rows.length > 0) this.#isWoken = true; // there may be more
      for (const row of rows) void this.#execute(row);
    }
    this.#isClaiming = false;
  }

  async #execute({ id, n }: ClaimedRow): Promise<void> {
    await this.#body.noop(n);
    this.#ended.push(id);
    this.#free += 1;
    void this.wake();
    await this.#finish();
  }

  async #finish(): Promise<void> {
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    while (this.#ended.length > 0) {
      const ids = this.#ended;
      this.#ended = [];
      await this.#statements.finish(this.#pool, ids);
    }
    this.#isFinishing = false;
  }
}

/** A loop with nothing around it: what Postgres leaves room for. It has no retries, no recovery, no history and no parents. */
export const bare: Adapter = {
  async connect({ url, variant }): Promise<PeerClient> {
    const { pool, statements } = await openStatements(url, variant, 50);
    await statements.prepare(pool);
    const notifying = new pg.Client({ connectionString: url });
    await notifying.connect();
    const notifier = new Notifier(notifying);
    const insert = async (numbers: readonly number[]) => {
      await statements.insert(pool, numbers);
      void notifier.notify();
    };
    return {
      enqueue: (_kind, n) => insert([n]),
      enqueueMany: insert,
      isDrained: () => statements.isDrained(pool),
    };
  },
  async work({ url, variant, concurrency }, body) {
    const { pool, statements } = await openStatements(url, variant, 2);
    const loop = new Loop(pool, statements, body, concurrency);
    const listening = new pg.Client({ connectionString: url });
    await listening.connect();
    listening.on("notification", () => void loop.wake());
    await listening.query(`listen ${channel}`);
    setInterval(() => void loop.wake(), pollMs);
    await loop.wake();
  },
};
