import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defaultRetryPolicy } from "./retry.ts";
import { type TaskManifest, taskManifestSchema, versionManifestSchema } from "./task-manifest.ts";

const task: TaskManifest = {
  id: "a",
  filePath: "trigger/a.ts",
  queue: { name: "task/a" },
  retry: { ...defaultRetryPolicy },
};

describe("taskManifestSchema", () => {
  test("accepts the smallest and the largest task", () => {
    const whole = { ...task, exportName: "a", description: "d", maxDuration: 0.5, machine: "micro" };
    for (const manifest of [task, { ...whole, queue: { name: "q", concurrencyLimit: 0 } }]) {
      assert.deepEqual(taskManifestSchema.parse(manifest), manifest);
    }
  });

  const refused: Readonly<Record<string, unknown>> = {
    "an empty id": { ...task, id: "" },
    "an id that is too long": { ...task, id: "x".repeat(129) },
    "no queue": { ...task, queue: undefined },
    "a queue with a negative limit": { ...task, queue: { name: "q", concurrencyLimit: -1 } },
    "no attempts": { ...task, retry: { ...defaultRetryPolicy, maxAttempts: 0 } },
    "a factor that shrinks": { ...task, retry: { ...defaultRetryPolicy, factor: 0.5 } },
    "no time to execute": { ...task, maxDuration: 0 },
  };
  for (const [what, manifest] of Object.entries(refused)) {
    test(`refuses ${what}`, () => assert.equal(taskManifestSchema.safeParse(manifest).success, false));
  }
});

test("a version holds at most 5,000 tasks", () => {
  const version = { contentHash: "01234567", processKeepAlive: true };
  const tasks = Array.from({ length: 5_000 }, () => task);
  assert.equal(versionManifestSchema.safeParse({ ...version, tasks }).success, true);
  assert.equal(versionManifestSchema.safeParse({ ...version, tasks: [...tasks, task] }).success, false);
});
