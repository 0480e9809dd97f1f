import assert from "node:assert/strict";
import { test } from "node:test";
import { openStage, rootDir, untilGone } from "../stage/stage.ts";

test("npm run demo -- --once prints the report of the movies, and exits 0", async (t) => {
  const stage = await openStage(t);
  const demo = stage.start({
    file: "npm",
    args: ["run", "--silent", "demo", "--", "--once"],
    cwd: rootDir,
    env: stage.env({ PAWL_DATA_DIR: stage.path("data") }),
  });
  assert.deepEqual(await demo.ended, { code: 0, signal: null }, demo.report());
  assert.match(demo.stdout, /http:\/\/(localhost|127\.0\.0\.1):\d+/, "the URL of the server");
  assert.match(demo.stdout, /movies\.report\.build/, "the task");
  assert.match(demo.stdout, /\b3,?201\b/, "as many records as the data set has");
  assert.match(demo.stdout, /Drama/, "a genre of the report");
  await untilGone(stage.folder);
});
