import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { z } from "zod";
import { runtime, type TaskDefinition } from "../runtime.ts";
import { schemaTask, task } from "./define-task.ts";
import { queue } from "./queue.ts";

beforeEach(() => runtime().tasks.clear());

function definition(id: string): TaskDefinition {
  const found = runtime().tasks.get(id)?.[0];
  assert.ok(found);
  return found;
}

test("registers a task with its settings and its file", () => {
  runtime().currentFile = "trigger/mail.ts";
  const mail = queue({ name: "mail", concurrencyLimit: 2, combinedConcurrencyLimit: 8 });
  task({
    id: "mail.send",
    description: "Sends",
    queue: mail,
    machine: { preset: "micro" },
    maxDuration: 60,
    run: () => 1,
  });
  runtime().currentFile = null;
  const { run: _run, ...rest } = definition("mail.send");
  assert.deepEqual(rest, {
    id: "mail.send",
    description: "Sends",
    retry: undefined,
    maxDuration: 60,
    machine: "micro",
    ttl: undefined,
    hooks: undefined,
    queue: { name: "mail", concurrencyLimit: 2, combinedConcurrencyLimit: 8 },
    filePath: "trigger/mail.ts",
  });
  task({ id: "b", queue: { concurrencyLimit: 1 }, run: () => 1 });
  assert.deepEqual(definition("b").queue, { name: "task/b", concurrencyLimit: 1 });
  task({ id: "c", run: () => 1 });
  assert.equal(definition("c").queue, undefined);
});

test("keeps both of two tasks with one id, for whoever indexes them", () => {
  for (const file of ["a.ts", "b.ts"]) {
    runtime().currentFile = file;
    task({ id: "same", run: () => 1 });
  }
  runtime().currentFile = null;
  assert.deepEqual(
    runtime()
      .tasks.get("same")
      ?.map((entry) => entry.filePath),
    ["a.ts", "b.ts"],
  );
});

test("a schema task parses before run", async () => {
  const schema = z.object({ at: z.string().transform((text) => new Date(text)) });
  const defined = schemaTask({ id: "s", schema, run: ({ at }) => at.getTime() });
  assert.equal(defined.schema, schema);
  const { parsePayload } = definition("s");
  assert.deepEqual(await parsePayload?.({ at: "1970-01-01" }), { at: new Date(0) });
  await assert.rejects(async () => parsePayload?.({}), { name: "TaskPayloadParsedError" });
});

test("says at once what a definition lacks", () => {
  const run = () => 1;
  assert.throws(() => task({ id: "", run }), /A task needs an id/);
  // @ts-expect-error no run
  assert.throws(() => task({ id: "a" }), /Task a has no run function/);
  // @ts-expect-error no schema
  assert.throws(() => schemaTask({ id: "a", run }), /The schema of task a is none/);
  for (const maxAttempts of [0, -1, 1.5, 251, Number.NaN]) {
    const expected = `The retry of task a has maxAttempts of ${maxAttempts}; it must be a whole number from 1 to 250, the first attempt included.`;
    assert.throws(() => task({ id: "a", retry: { maxAttempts }, run }), { name: "TypeError", message: expected });
  }
  assert.throws(() => queue({ name: "" }), /A queue needs a name/);
  assert.throws(
    () => queue({ name: "q", concurrencyLimit: -1 }),
    /concurrencyLimit of queue q .*must be a whole number from 0/,
  );
  assert.throws(() => queue({ name: "q", combinedConcurrencyLimit: 0.5 }), /combinedConcurrencyLimit of queue q/);
  assert.equal(runtime().tasks.size, 0);
});
