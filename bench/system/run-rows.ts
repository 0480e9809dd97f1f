import { setTimeout as delay } from "node:timers/promises";
import { fromPublicId } from "@pawl/contract/ids";
import type pg from "pg";
import { environmentSlug } from "./server.ts";

/** The runs of a measurement, as their rows tell. */
export interface FinishedRuns {
  readonly count: number;
  /** On the clock of Postgres, in milliseconds. */
  readonly lastFinishedAtMs: number;
}

/** What the bench reads and sets in the server's database, on a connection of its own. */
export interface RunRows {
  /** The time of Postgres, in milliseconds. */
  now(): Promise<number>;
  /** Keeps every queued run in its queue. */
  pause(): Promise<void>;
  /** Lets runs be claimed again. @returns the time of Postgres, in milliseconds */
  resume(): Promise<number>;
  /** Waits until every run has finished. */
  awaitAllFinished(): Promise<void>;
  /** Counts the runs made since a time; every one of them must have completed. */
  finishedSince(atMs: number): Promise<FinishedRuns>;
  /** Counts the runs that finished in a window of time. */
  countFinished(fromMs: number, toMs: number): Promise<number>;
  /** The outputs of runs by their id. */
  outputs(runIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Lets Postgres write out what it holds, so that a measurement does not pay for the one before. */
  settle(): Promise<void>;
}

const pollMs = 100;
const drainTimeoutMs = 180_000;

/**
 * Makes the access to the rows of runs.
 *
 * @param client - a connection to the server's database
 * @returns the access
 */
export function runRows(client: pg.Client): RunRows {
  const number = async (text: string, values: readonly unknown[] = []) =>
    Number((await client.query(text, [...values])).rows[0]?.value);
  return {
    now: () => number("select extract(epoch from clock_timestamp()) * 1000 as value"),
    async pause() {
      await client.query("update environment set is_paused = true where slug = $1", [environmentSlug]);
    },
    resume: () =>
      number(
        `update environment set is_paused = false where slug = $1
         returning extract(epoch from clock_timestamp()) * 1000 as value`,
        [environmentSlug],
      ),
    awaitAllFinished: () => awaitAllFinished(client),
    finishedSince: (atMs) => finishedSince(client, atMs),
    countFinished: (fromMs, toMs) =>
      number(
        `select count(*) as value from run
         where finished_at >= to_timestamp($1 / 1000.0) and finished_at < to_timestamp($2 / 1000.0)`,
        [fromMs, toMs],
      ),
    outputs: (runIds) => outputs(client, runIds),
    async settle() {
      await client.query("checkpoint");
      await delay(200);
    },
  };
}

/** A run has either an outcome or a row among the live ones. */
async function awaitAllFinished(client: pg.Client): Promise<void> {
  const deadlineMs = performance.now() + drainTimeoutMs;
  for (;;) {
    const { rows } = await client.query("select exists (select from live_run) as has_live");
    if (rows[0]?.has_live === false) return;
    if (performance.now() > deadlineMs) {
      const left = await client.query("select state, count(*) from live_run group by state");
      throw new Error(`Runs have not finished after ${drainTimeoutMs / 1_000} s: ${JSON.stringify(left.rows)}`);
    }
    await delay(pollMs);
  }
}

async function finishedSince(client: pg.Client, atMs: number): Promise<FinishedRuns> {
  const { rows } = await client.query(
    `select count(*)::int as count, count(*) filter (where outcome = 'completed')::int as completed,
            extract(epoch from max(finished_at)) * 1000 as last, min(error) as error
     from run where created_at >= to_timestamp($1 / 1000.0)`,
    [atMs],
  );
  const { count, completed, last, error } = rows[0];
  if (completed !== count) throw new Error(`${count - completed} of ${count} runs did not complete: ${error}`);
  return { count, lastFinishedAtMs: Number(last) };
}

async function outputs(client: pg.Client, runIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const idOf = new Map(runIds.map((runId) => [fromPublicId("run", runId), runId]));
  const { rows } = await client.query("select id::text, output from run where id = any ($1::uuid[])", [
    [...idOf.keys()],
  ]);
  return new Map(rows.map(({ id, output }) => [idOf.get(id) ?? id, String(output)]));
}
