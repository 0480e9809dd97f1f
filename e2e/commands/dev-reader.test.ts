import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openStage, rootDir, untilGone } from "../stage/stage.ts";
import { configFile, tasksFile } from "./dev-project.ts";

test("pawl dev ends as on Ctrl-C when the reader of its lines has gone", async (t) => {
  const stage = await openStage(t);
  const projectDir = await stage.project("app", {
    "trigger.config.ts": configFile,
    "trigger/tasks.ts": tasksFile("first"),
  });
  const pawl = `"${process.execPath}" --conditions=@pawl/source "${join(rootDir, "packages/cli/bin/pawl.cjs")}"`;
  const args = ["-c", `${pawl} dev --port 0 --json | head -n 1`];
  const piped = await stage.start({ file: "/bin/sh", args, cwd: projectDir, env: stage.env() }).finished();
  assert.equal(piped.ending?.code, 0, piped.report());
  assert.deepEqual(
    piped.lines.map(({ type }) => type),
    ["server_starting"],
  );
  assert.equal(piped.stderr, "");
  assert.ok(existsSync(join(projectDir, ".pawl", "postgres")), "the server had begun");
  assert.ok(!existsSync(join(projectDir, ".pawl", "dev.json")), "dev.json is gone");
  assert.ok(!existsSync(join(projectDir, ".pawl", "server.json")), "the server ended by itself");
  await untilGone(stage.folder);
});
