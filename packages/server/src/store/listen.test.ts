import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { type TestDatabase, withDatabase } from "@pawl/testkit";
import { createListener, type Listener } from "./listen.ts";

interface Heard {
  readonly listener: Listener;
  readonly all: readonly string[];
  /** Resolves when an environment has been heard of. */
  hears(id: string): Promise<void>;
}

function listen({ database, url, onEnd }: TestDatabase): Heard {
  const all: string[] = [];
  const arrivals = new EventEmitter();
  const listener = createListener({
    database,
    url,
    onNotice(id) {
      all.push(id);
      arrivals.emit(id);
    },
    onStream(runId) {
      if (runId === null) return;
      all.push(runId);
      arrivals.emit(runId);
    },
    onMessage: () => undefined,
  });
  listener.start();
  onEnd(() => listener.stop());
  return {
    listener,
    all,
    async hears(id) {
      if (!all.includes(id)) await once(arrivals, id);
    },
  };
}

/** Tells until it is heard: a listener that is only starting hears nothing yet. */
async function tellUntilHeard(from: Heard, to: Heard, id: string): Promise<void> {
  const timer = setInterval(() => from.listener.notify(id, "queued"), 5);
  await to.hears(id);
  clearInterval(timer);
}

test("what one server tells, the other hears, and not itself", async (t) => {
  const testDatabase = await withDatabase(t);
  const [one, other] = [listen(testDatabase), listen(testDatabase)];
  const id = newUuid();
  await tellUntilHeard(one, other, id);
  await tellUntilHeard(other, one, id);
  assert.ok(one.all.every((heard) => heard === id));
});

test("many calls are told once", async (t) => {
  const testDatabase = await withDatabase(t);
  const [one, other] = [listen(testDatabase), listen(testDatabase)];
  await tellUntilHeard(one, other, newUuid());
  const [many, last] = [newUuid(), newUuid()];
  for (let i = 0; i < 1_000; i++) one.listener.notify(many, "queued");
  one.listener.notify(last, "queued");
  await other.hears(last);
  assert.ok(other.all.filter((id) => id === many).length <= 2);
});

test("a connection that is lost is made again", async (t) => {
  const testDatabase = await withDatabase(t);
  const [one, other] = [listen(testDatabase), listen(testDatabase)];
  await tellUntilHeard(one, other, newUuid());
  await testDatabase.database.query({
    name: "test_terminate",
    text: `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and application_name = 'pawl listen'`,
    values: [],
  });
  await tellUntilHeard(one, other, newUuid());
});

test("a start looks for what was queued before", async (t) => {
  const testDatabase = await withDatabase(t, {
    except: ["A live row belongs to a run", "A run that is queued stands in a lane, or the next claim is told"],
  });
  await testDatabase.database.query({
    name: "test_queue",
    text: `insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at)
           values ($1, $2, 'queued', 'a', 'task/a', 1, now())`,
    values: [testDatabase.environment.id, newUuid()],
  });
  await listen(testDatabase).hears(testDatabase.environment.id);
});

test("a run to whose streams one server adds is heard of by the other", async (t) => {
  const testDatabase = await withDatabase(t);
  const [one, other] = [listen(testDatabase), listen(testDatabase)];
  await tellUntilHeard(one, other, newUuid());
  const runId = newUuid();
  one.listener.notifyStream(runId);
  await other.hears(runId);
});
