import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { z } from "zod";
import { configure } from "./client/client-settings.ts";
import { fakeRun } from "./fixtures/fake-run.ts";
import { type ProtocolServer, startProtocolServer } from "./fixtures/protocol-server.ts";
import { auth, batch, queue, retry, runs, schedules, schemaTask, TriggerClient, task, tasks, wait } from "./index.ts";
import { runtime } from "./runtime.ts";

// Wrong use gets an error at the call, which says what is wrong and what to do. Types refuse most of it; code without types can't be.

const run = async () => 1;

/** Calls something as code without types would. */
function untyped(value: unknown): never {
  return value as never;
}

describe("definitions", () => {
  beforeEach(() => runtime().tasks.clear());

  const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      "a misspelt setting",
      () => task(untyped({ id: "t", run, maxDuraton: 5 })),
      /Task t has no option "maxDuraton"\. Did you mean "maxDuration"\?/,
    ],
    [
      "a setting in another form",
      () => task(untyped({ id: "t", run, retries: 3 })),
      /no option "retries"\. Did you mean "retry"\?/,
    ],
    [
      "a setting with two letters swapped",
      () => task(untyped({ id: "t", run, qeuue: {} })),
      /no option "qeuue"\. Did you mean "queue"\?/,
    ],
    [
      "a setting that there is not",
      () => task(untyped({ id: "t", run, colour: 5 })),
      /Task t has no option "colour"\. It has id, run, /,
    ],
    ["a schema on a task without", () => task(untyped({ id: "t", run, schema: z.string() })), /no option "schema"/],
    [
      "a schema that is none",
      () => schemaTask(untyped({ id: "t", run, schema: "text" })),
      /The schema of task t is none\. Pass one of a library/,
    ],
    [
      "an unknown machine",
      () => task(untyped({ id: "t", run, machine: "huge" })),
      /The machine of task t is "huge"; it must be one of micro, small-1x, /,
    ],
    ["an unknown preset", () => task(untyped({ id: "t", run, machine: { preset: "huge" } })), /one of micro/],
    [
      "a maxDuration of 0",
      () => task({ id: "t", run, maxDuration: 0 }),
      /maxDuration of task t is 0; .*above 0, or timeout\.None/,
    ],
    [
      "a ttl that is none",
      () => task({ id: "t", run, ttl: "1 hour" }),
      /The ttl of task t is 1 hour; write it as 10m, 1h30m/,
    ],
    [
      "no attempt",
      () => task({ id: "t", run, retry: { maxAttempts: 0 } }),
      /has maxAttempts of 0; it must be a whole number from 1 to 250/,
    ],
    [
      "a factor below 1",
      () => task({ id: "t", run, retry: { factor: 0.5 } }),
      /The retry of task t has a factor of 0\.5; it must be a number from 1/,
    ],
    [
      "a negative delay",
      () => task({ id: "t", run, retry: { minTimeoutInMs: -1 } }),
      /minTimeoutInMs of -1; it must be a number of milliseconds from 0/,
    ],
    [
      "a delay above its bound",
      () => task({ id: "t", run, retry: { minTimeoutInMs: 9, maxTimeoutInMs: 5 } }),
      /minTimeoutInMs of 9 above its maxTimeoutInMs of 5/,
    ],
    [
      "a misspelt retry",
      () => task(untyped({ id: "t", run, retry: { maxAttempt: 2 } })),
      /retry of task t has no option "maxAttempt"\. Did you mean "maxAttempts"/,
    ],
    [
      "a retry that is a number",
      () => task(untyped({ id: "t", run, retry: 3 })),
      /The retry of task t is 3; write it as \{ maxAttempts: 3/,
    ],
    [
      "a queue by its name alone",
      () => task(untyped({ id: "t", run, queue: "mail" })),
      /The queue of task t is "mail"; pass what queue\(\) gave/,
    ],
    [
      "a misspelt limit",
      () => queue(untyped({ name: "q", concurencyLimit: 1 })),
      /Queue q has no option "concurencyLimit"\. Did you mean "concurrencyLimit"/,
    ],
    [
      "a misspelt limit in a task",
      () => task(untyped({ id: "t", run, queue: { limit: 1 } })),
      /Queue task\/t has no option "limit"/,
    ],
    [
      "a misspelt zone",
      () => schedules.task(untyped({ id: "t", run, cron: { pattern: "@daily", timeZone: "UTC" } })),
      /cron of task t has no option "timeZone"\. Did you mean "timezone"/,
    ],
    ["no pattern", () => schedules.task(untyped({ id: "t", run, cron: {} })), /The cron of task t has no pattern/],
    [
      "a description that is no text",
      () => task(untyped({ id: "t", run, description: 5 })),
      /description of task t is a number; it must be a text/,
    ],
    ["no run", () => task(untyped({ id: "t" })), /Task t has no run function/],
    ["no id", () => task(untyped({ run })), /A task needs an id, such as/],
  ];
  for (const [name, define, message] of wrong) {
    test(name, () => {
      assert.throws(define, (error) => error instanceof TypeError && message.test(error.message));
      assert.equal(runtime().tasks.size, 0);
    });
  }
});

describe("calls", () => {
  let server: ProtocolServer;
  before(async () => {
    server = await startProtocolServer(() => ({ body: { id: "x" } }));
    configure({ secretKey: "tr_dev_key", baseURL: server.url });
  });
  after(() => server.close());

  const good = { task: "t", cron: "@daily", deduplicationKey: "d" };
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      "a misspelt trigger option",
      () => tasks.trigger("t", 1, untyped({ dely: "1h" })),
      /Triggering task t has no option "dely"\. Did you mean "delay"\?/,
    ],
    [
      "an option of another kind",
      () => tasks.trigger("t", 1, untyped({ delay: 5 })),
      /delay for task t must be a duration such as 1h30m, an ISO date/,
    ],
    ["a delay in words", () => tasks.trigger("t", 1, { delay: "1 hour" }), /a duration such as 1h30m, .* not "1 hour"/],
    ["options that are a text", () => tasks.trigger("t", 1, untyped("1h")), /takes its options as an object/],
    [
      "an unknown machine",
      () => tasks.trigger("t", 1, untyped({ machine: "huge" })),
      /machine for task t must be one of micro, .*, not "huge"/,
    ],
    [
      "a misspelt option of an item",
      () => tasks.batchTrigger("t", [{ payload: 1, options: untyped({ tag: "a" }) }]),
      /has no option "tag"\. Did you mean "tags"/,
    ],
    [
      "a misspelt option of a batch",
      () => batch.trigger([{ id: "t" }], untyped({ idempotencykey: "k" })),
      /A batch has no option "idempotencykey"\. Did you mean "idempotencyKey"/,
    ],
    [
      "a payload with a function",
      () => tasks.trigger("t", { movies: [{ render() {} }] }),
      /has at movies\[0\]\.render a function, which JSON can't carry/,
    ],
    [
      "a payload that can't be written",
      () =>
        tasks.trigger("t", {
          a: {
            at: {
              toJSON() {
                throw new Error("no");
              },
            },
          },
        }),
      /can't be written as JSON at a\.at: no/,
    ],
    [
      "a schedule's misspelt zone",
      () => schedules.create(untyped({ ...good, timeZone: "Europe/Berlin" })),
      /schedules\.create has no option "timeZone"\. Did you mean "timezone"/,
    ],
    [
      "a schedule without a task",
      () => schedules.create(untyped({ cron: "@daily", deduplicationKey: "d" })),
      /schedules\.create needs a task: the id of a schedules\.task/,
    ],
    [
      "a schedule with an object as cron",
      () => schedules.create(untyped({ ...good, cron: {} })),
      /needs a cron: an expression such as "0 9 \* \* 1-5"/,
    ],
    [
      "a schedule without a key",
      () => schedules.create(untyped({ task: "t", cron: "@daily" })),
      /needs a deduplicationKey/,
    ],
    [
      "an update's misspelt field",
      () => schedules.update("sched_1", untyped({ ...good, catchup: "all" })),
      /schedules\.update has no option "catchup"\. Did you mean "catchUp"/,
    ],
    [
      "a list's misspelt filter",
      () => runs.list(untyped({ tags: "a" })),
      /runs\.list has no option "tags"\. Did you mean "tag"/,
    ],
    [
      "a misspelt option of a token",
      () => wait.createToken(untyped({ timeOut: "1h" })),
      /wait\.createToken has no option "timeOut"\. Did you mean "timeout"/,
    ],
    ["a token's timeout in words", () => wait.createToken({ timeout: "soon" }), /a duration such as 10m, an ISO date/],
    ["a wait outside of a run", () => wait.for({ seconds: 5 }), /wait\.for waits inside of a run, and here is none/],
    [
      "a wait until outside of a run",
      () => wait.until({ date: new Date() }),
      /wait\.until waits inside of a run, and here is none/,
    ],
    ["a policy out of range", () => retry.onThrow(run, { factor: 0 }), /policy of retry\.onThrow has a factor of 0/],
    ["no task", () => tasks.trigger(untyped(undefined), 1), /The id of the task to trigger is undefined: give a text/],
    [
      "no run",
      () => runs.retrieve(untyped(undefined)),
      /by its handle or its id, such as "run_…", and this is undefined/,
    ],
    ["no run to cancel", () => runs.cancel(untyped({ id: null })), /and this is null/],
    ["an empty id of a task", () => tasks.trigger("", 1), /The id of the task to trigger is an empty text/],
    [
      "a misspelt option of polling",
      () => runs.poll("run_1", untyped({ pollInterval: 9 })),
      /runs\.poll has no option "pollInterval"\. Did you mean "pollIntervalMs"/,
    ],
    [
      "a pause of polling that is none",
      () => runs.poll("run_1", { pollIntervalMs: untyped("1s") }),
      /pollIntervalMs of runs\.poll must be a number of milliseconds/,
    ],
    [
      "a misspelt action of a public token",
      () => auth.createPublicToken({ scopes: untyped({ red: { runs: "run_1" } }) }),
      /A public token's list of scopes has no option "red"\. Did you mean "read"/,
    ],
    ["a batch without items", () => tasks.batchTrigger("t", []), /The batch has no items/],
  ];
  for (const [name, call, message] of wrong) {
    test(name, async () => {
      const before = server.requests.length;
      await assert.rejects(
        async () => call(),
        (error) => error instanceof Error && (message.test(error.message) || assert.fail(error.message)),
      );
      assert.equal(server.requests.length, before);
    });
  }
});

test("a misspelt setting of a client", () => {
  const named = (call: () => unknown, message: RegExp) => assert.throws(call, { name: "TypeError", message });
  named(
    () => configure(untyped({ baseUrl: "http://localhost:3030" })),
    /configure has no option "baseUrl"\. Did you mean "baseURL"/,
  );
  named(
    () => new TriggerClient(untyped({ acessToken: "tr_1" })),
    /TriggerClient has no option "acessToken"\. Did you mean "accessToken"/,
  );
  configure(untyped({ future: { v2RealtimeStreams: true } })); // of the original: there is no other kind of streams
});

describe("waits in a run", () => {
  afterEach(() => {
    runtime().context = null;
  });

  const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      "a misspelt unit",
      () => wait.for(untyped({ second: 5 })),
      /wait\.for has no option "second"\. Did you mean "seconds"/,
    ],
    [
      "a length that is a text",
      () => wait.for(untyped({ seconds: "5" })),
      /A wait of 5 seconds can't be: give a number from 0/,
    ],
    ["a negative length", () => wait.for({ seconds: -1 }), /give a number from 0/],
    ["no length", () => wait.for(untyped({})), /A wait needs a length in seconds, minutes/],
    ["a date that is a text", () => wait.until(untyped({ date: "2030-01-01" })), /wait\.until needs a valid date/],
    [
      "a misspelt option",
      () => wait.until(untyped({ date: new Date(), throwIfInPast: true })),
      /Did you mean "throwIfInThePast"/,
    ],
  ];
  for (const [name, call, message] of wrong) {
    test(name, async () => {
      const { execute, calls } = fakeRun({});
      await assert.rejects(
        async () => execute(call),
        (error) => error instanceof Error && (message.test(error.message) || assert.fail(error.message)),
      );
      assert.equal(calls.length, 0);
    });
  }
});
