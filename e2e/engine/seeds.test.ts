import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { JsonLine } from "../stage/command.ts";
import { openOriginalProject } from "../stage/original-project.ts";
import { untilReady } from "../stage/platform.ts";
import { openStage, rootDir } from "../stage/stage.ts";

/** The packages that the project imports, as npm aliases install them. */
const packages = {
  "@trigger.dev/sdk": "packages/sdk",
  "@trigger.dev/build": "packages/build",
  "@trigger.dev/python": "packages/python",
  "@types/node": "node_modules/@types/node",
  esbuild: "node_modules/esbuild",
  zod: "node_modules/zod",
};

test("a project written for the original, with every option and extension of its configuration", async (t) => {
  const stage = await openStage(t);
  const folders = Object.entries(packages).map(([name, path]) => [name, join(rootDir, path)]);
  const cwd = await openOriginalProject(stage, Object.fromEntries(folders), {});

  await t.test("compiles", async () => {
    const compiler = join(rootDir, "node_modules", "typescript", "bin", "tsc");
    const compiled = await stage.node([compiler, "-p", cwd], { cwd }).finished();
    assert.equal(compiled.ending?.code, 0, compiled.report());
  });

  await t.test("has nothing that pawl check finds", async () => {
    const checked = await stage.pawl(["check", "--strict"], { cwd }).finished();
    assert.equal(checked.ending?.code, 0, checked.report());
  });

  const dev = stage.pawl(["dev", "--port", "0", "--json"], { cwd });
  await untilReady(dev);
  const program = async (file: string): Promise<JsonLine> => {
    const ended = await stage.node([file], { cwd }).finished();
    assert.equal(ended.ending?.code, 0, ended.report());
    return ended.lines[0] ?? {};
  };

  await t.test("triggers by id with a type alone, with every option, and in a batch", async () => {
    const { waiting, by, delayedId, ...seen } = await program("app/trigger.ts");
    const { id, delayedUntil, createdAt, ...run } = waiting as JsonLine; // a run of the API
    assert.equal(id, delayedId);
    assert.equal(run.status, "DELAYED");
    assert.equal(run.ttl, "10m");
    assert.equal(run.region, undefined, "there is one region in development");
    assert.equal(run.idempotencyKey, "my-idempotency-key");
    assert.deepEqual(run.tags, ["my-tag"]);
    const delayMs = new Date(String(delayedUntil)).getTime() - new Date(String(createdAt)).getTime();
    assert.ok(Math.abs(delayMs - 3_600_000) < 2_000, `delayed by ${delayMs} ms`);
    assert.deepEqual(by, { queue: [id], machine: [id], region: [] });
    const { batch, again, ...rest } = seen;
    assert.deepEqual(again, { id, isCached: true });
    assert.deepEqual({ ...(batch as JsonLine), id: null }, { id: null, runCount: 2 });
    assert.deepEqual(rest, { status: "COMPLETED", items: 2, found: true, cancelled: "CANCELED", checked: "function" });
  });

  await t.test("reads results, and triggers once under keys of both kinds", async () => {
    const { once, ...seen } = await program("app/results.ts");
    assert.deepEqual(seen, {
      instance: 2,
      refused: "TaskPayloadParsedError",
      read: {
        good: 2,
        bad: "true",
        unwrapped: 4,
        thrown: "SubtaskUnwrapError",
        inBatch: [6, "-3 is below zero"],
        settled: ["fulfilled", "rejected"],
      },
      elsewhere: { items: 1, task: "process-data" },
      release: "of the test",
      attempts: [2, 2],
    });
    const [first, second] = once as { ofRun: string; ofAll: string; other: string; cached: boolean[] }[];
    assert.notEqual(first?.ofRun, second?.ofRun, "a key of the run");
    assert.equal(first?.ofAll, second?.ofAll, "a key of the environment");
    assert.equal(first?.other, second?.other, "a key of the environment, for another task");
    assert.notEqual(first?.other, first?.ofAll, "keys belong to a task");
    assert.deepEqual(
      [first?.cached, second?.cached],
      [
        [true, true],
        [true, true],
      ],
    );
  });
});
