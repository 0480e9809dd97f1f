import assert from "node:assert/strict";
import { test } from "node:test";
import { bundlePath } from "./fixtures/host-under-test.ts";
import { indexBundle } from "./index-bundle.ts";
import { IndexError } from "./index-error.ts";

const options = { projectDir: "." };

test("lists the tasks of a bundle with the configuration merged in", async () => {
  const { tasks, processKeepAlive } = await indexBundle(bundlePath("tasks.mjs"), options);
  assert.equal(processKeepAlive, true);
  const noop = tasks.find(({ id }) => id === "noop");
  assert.equal(noop?.queue.name, "task/noop");
  assert.equal(noop?.retry.maxAttempts, 5);
});

test("processes end after one run when the configuration says nothing", async () => {
  const { processKeepAlive } = await indexBundle(bundlePath("one-run-a-process.mjs"), options);
  assert.equal(processKeepAlive, false);
});

test("limits of queues, times to live and durations are those of the task, else of the configuration", async () => {
  const { tasks } = await indexBundle(bundlePath("limited-tasks.mjs"), options);
  const [byConfig, byItself] = tasks;
  assert.deepEqual(byConfig?.queue, { name: "mail", concurrencyLimit: 2, combinedConcurrencyLimit: 8 });
  assert.deepEqual([byConfig?.ttl, byConfig?.maxDuration], [600, 60]);
  assert.deepEqual([byItself?.ttl, byItself?.maxDuration], [0, 5]);
});

test("says which tasks are for schedules, and which schedules they declare", async () => {
  const { tasks } = await indexBundle(bundlePath("scheduled-tasks.mjs"), options);
  const rest = { timezone: "Europe/Berlin", window: "30m", catchUp: "last", overlap: "skip" };
  assert.deepEqual(
    tasks.map(({ id, isScheduled, schedule }) => [id, isScheduled, schedule]),
    [
      ["declared", true, { cron: "0 9 * * *", ...rest }],
      ["for-calls", true, undefined],
      ["plain", undefined, undefined],
    ],
  );
});

test("two tasks with one id: both files are named", async () => {
  await assert.rejects(indexBundle(bundlePath("duplicate.mjs"), options), (error) => {
    assert.ok(error instanceof IndexError);
    assert.match(error.message, /"same".*trigger\/a\.ts and trigger\/b\.ts/);
    return true;
  });
});

test("a setting that is out of range: the task, its file and the setting are named", async () => {
  await assert.rejects(indexBundle(bundlePath("invalid-task.mjs"), options), (error) => {
    assert.ok(error instanceof IndexError);
    assert.equal(error.filePath, "trigger/mail.ts");
    assert.match(
      error.message,
      /^trigger\/mail\.ts .* The maxDuration of task mail is -1; it must be a number of seconds/,
    );
    return true;
  });
});

test("a schedule that can't be right: the task, its file and the setting are named", async () => {
  await assert.rejects(indexBundle(bundlePath("invalid-schedule.mjs"), options), {
    filePath: "trigger/report.ts",
    message:
      /^The task "report" in trigger\/report\.ts is not valid\. schedule\.window: must be whole minutes or hours/,
  });
});

test("an import that throws: the file and the message are named", async () => {
  await assert.rejects(indexBundle(bundlePath("throws-at-import.mjs"), options), (error) => {
    assert.ok(error instanceof IndexError);
    assert.equal(error.filePath, "trigger/broken.ts");
    assert.match(error.message, /trigger\/broken\.ts.*DATABASE_URL is missing/);
    assert.match(error.stack ?? "", /throws-at-import\.mjs/);
    return true;
  });
});

test("a bundle that does not exist", async () => {
  await assert.rejects(indexBundle(bundlePath("nowhere.mjs"), options), IndexError);
});

test("says which hooks there are to call after a run has ended, the task's own, those of all, and the configuration's", async () => {
  const read = async (bundle: string) => {
    const { tasks } = await indexBundle(bundlePath(bundle), options);
    return Object.fromEntries(tasks.map(({ id, endHooks }) => [id, endHooks]));
  };
  assert.deepEqual(await read("end-hooks.mjs"), {
    none: undefined,
    failure: ["onFailure"],
    complete: ["onFailure"],
    both: ["onFailure", "onCancel"],
  });
  assert.deepEqual(await read("end-hooks-of-all.mjs"), { none: ["onFailure", "onCancel"] });
});
