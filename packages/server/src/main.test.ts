import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { sharedPostgres } from "@pawl/testkit";
import pg from "pg";
import { readServerSettings } from "./config.ts";
import { type RunningServer, startServer } from "./main.ts";

interface Folder {
  readonly dataDir: string;
  start(env?: Record<string, string>): Promise<RunningServer>;
}

async function makeFolder(t: TestContext): Promise<Folder> {
  const dataDir = await mkdtemp(join(tmpdir(), "pawl-server-"));
  const servers: RunningServer[] = [];
  t.after(async () => {
    for (const server of servers) await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return {
    dataDir,
    async start(env = {}) {
      const settings = readServerSettings({ PORT: "0", PAWL_DATA_DIR: dataDir, ...env });
      const server = await startServer(settings, { onMessage: () => undefined });
      servers.push(server);
      return server;
    },
  };
}

/** An empty database on the Postgres that tests share. */
async function makeDatabase(t: TestContext): Promise<string> {
  const url = new URL(await sharedPostgres());
  const name = `pawl_main_${randomBytes(5).toString("hex")}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query(`create database ${name}`);
  t.after(async () => {
    await client.query(`drop database ${name} with (force)`);
    await client.end();
  });
  url.pathname = `/${name}`;
  return url.href;
}

async function listRuns(server: RunningServer, key: string): Promise<number> {
  return (await fetch(`${server.url}/api/v1/runs`, { headers: { authorization: `Bearer ${key}` } })).status;
}

test("a server with nothing but a folder answers, and tells its keys in server.json", async (t) => {
  const { dataDir, start } = await makeFolder(t);
  const server = await start();
  const path = join(dataDir, "server.json");
  const file = JSON.parse(await readFile(path, "utf8"));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal(file.apiUrl, server.url);
  assert.equal(file.pid, process.pid);
  assert.match(file.environments.dev.secretKey, /^tr_dev_[0-9A-Za-z]{24}$/);
  assert.match(file.environments.prod.secretKey, /^tr_prod_[0-9A-Za-z]{24}$/);
  assert.equal(await listRuns(server, file.environments.dev.secretKey), 200);
  assert.equal(await listRuns(server, "tr_dev_guess"), 401);
  await server.stop();
  await server.stop();
  await assert.rejects(stat(path), { code: "ENOENT" });
});

test("keys outlive a restart", async (t) => {
  const { start } = await makeFolder(t);
  const first = await start();
  await first.stop();
  assert.deepEqual((await start()).environments, first.environments);
});

test("two servers start at once on one database and agree on its keys", async (t) => {
  const env = { DATABASE_URL: await makeDatabase(t), PAWL_ENCRYPTION_KEY: randomBytes(32).toString("hex") };
  const folders = await Promise.all([makeFolder(t), makeFolder(t)]);
  const [one, other] = await Promise.all(folders.map((folder) => folder.start(env)));
  assert.deepEqual(one?.environments, other?.environments);
});

test("a database of one's own needs the key that it was begun with", async (t) => {
  const { start } = await makeFolder(t);
  const databaseUrl = await makeDatabase(t);
  await assert.rejects(start({ DATABASE_URL: databaseUrl }), {
    name: "StartError",
    message: /needs PAWL_ENCRYPTION_KEY/,
  });
  const first = await start({ DATABASE_URL: databaseUrl, PAWL_ENCRYPTION_KEY: randomBytes(32).toString("base64") });
  await first.stop();
  await assert.rejects(start({ DATABASE_URL: databaseUrl, PAWL_ENCRYPTION_KEY: randomBytes(32).toString("hex") }), {
    name: "StartError",
    message: /does not open the secrets/,
  });
});

test("a taken port is one sentence that names who has it, and leaves nothing running", async (t) => {
  const { start } = await makeFolder(t);
  const taken = createServer().listen(0, "127.0.0.1");
  t.after(() => void taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const address = taken.address();
  assert.ok(typeof address === "object" && address !== null);
  const message = new RegExp(`^Port ${address.port} is taken by (pid ${process.pid} .*|another program): .*--port`);
  await assert.rejects(start({ PORT: String(address.port) }), { name: "StartError", message });
  await start(); // the folder is free again
});

test("a Postgres out of reach is one sentence without the password", async (t) => {
  const { start } = await makeFolder(t);
  const env = { DATABASE_URL: "postgresql://me:hidden@127.0.0.1:1/pawl", PAWL_ENCRYPTION_KEY: "0".repeat(64) };
  await assert.rejects(start(env), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /^Postgres at 127\.0\.0\.1:1\/pawl does not let the server in \(connect ECONNREFUSED/);
    assert.doesNotMatch(error.message, /hidden/);
    return error.name === "StartError";
  });
});

test("a server whose Postgres is killed goes on when it is back", async (t) => {
  const { dataDir, start } = await makeFolder(t);
  const server = await start();
  const key = server.environments[0]?.secretKey ?? "";
  assert.equal(await listRuns(server, key), 200);
  const killed = await postmasterPid(dataDir);
  process.kill(killed, "SIGKILL");
  const statuses = new Set<number>();
  let isBack = false;
  while (!isBack) {
    const status = await listRuns(server, key);
    statuses.add(status);
    isBack = status === 200 && (await postmasterPid(dataDir).catch(() => killed)) !== killed;
  }
  statuses.delete(503); // the database is out of reach for a moment: try again
  assert.deepEqual([...statuses], [200]);
});

async function postmasterPid(dataDir: string): Promise<number> {
  return Number((await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8")).split("\n")[0]);
}
