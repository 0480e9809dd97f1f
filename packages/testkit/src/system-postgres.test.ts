import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEmbeddedPostgres } from "@pawl/server/store/embedded/embedded-postgres";
import { testWithTool } from "./needs-tool.ts";

const server = fileURLToPath(new URL("../../server/src/", import.meta.url));
const suites = ["store/{runs,waits}/*.test.ts", "store/{versions,batches,queues}.test.ts", "engine/**/*.test.ts"];
/** What takes long and says nothing of one Postgres that it does not of another. */
const leftOut = "**/many-parents.test.ts";
const timeoutMs = 480_000;

testWithTool(
  "initdb",
  "store and engine work on the system's own Postgres",
  async (initdb) => {
    const dataDir = await mkdtemp(join(tmpdir(), "pawl-system-postgres-"));
    const binaries = { initdb, postgres: join(dirname(initdb), "postgres"), localeArgs: ["--locale=C.UTF-8"] };
    const settings = ["fsync=off", "max_connections=200"];
    const postgres = await startEmbeddedPostgres({ dataDir, binaries, settings });
    try {
      // A test run of its own, not a part of this one.
      const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
      const files = globSync(suites, { cwd: server, exclude: [leftOut] }).map((file) => join(server, file));
      assert.ok(files.length > 20);
      const child = spawn(
        process.execPath,
        ["--conditions=@pawl/source", "--test", "--test-concurrency=2", "--test-reporter=dot", ...files],
        { env: { ...inherited, PAWL_TEST_DATABASE_URL: postgres.url }, stdio: ["ignore", "pipe", "inherit"] },
      );
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += String(chunk);
      });
      const [code] = await once(child, "close");
      assert.equal(code, 0, output);
    } finally {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
  timeoutMs,
);
