import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import pg from "pg";
import { StartError } from "../../start-error.ts";
import { findBinaries, makeLinks } from "./binaries.ts";
import { clusterFiles, makeCluster } from "./cluster.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { chooseEndpoint } from "./endpoint.ts";
import { chooseIdentity } from "./identity.ts";
import { startPostmaster } from "./postmaster.ts";

const isRoot = process.getuid?.() === 0;

interface Folder {
  readonly dataDir: string;
  /** Stops a server before the folder is removed. */
  onEnd(server: { stop(): Promise<void> }): void;
}

async function makeFolder(t: TestContext): Promise<Folder> {
  const dataDir = await mkdtemp(join(tmpdir(), "pawl-embedded-"));
  const servers: { stop(): Promise<void> }[] = [];
  t.after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(dataDir, { recursive: true, force: true });
  });
  return { dataDir, onEnd: (server) => void servers.push(server) };
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined); // the query in flight carries it
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(sql);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}

test("data outlives a stop, and the folder is free after it", async (t) => {
  const { dataDir, onEnd } = await makeFolder(t);
  const first = await startEmbeddedPostgres({ dataDir });
  await ask(first.url, "create table kept as select 42 as answer");
  await first.stop();
  await first.stop();
  const second = await startEmbeddedPostgres({ dataDir });
  onEnd(second);
  assert.equal(await ask(second.url, "select answer from kept"), 42);
  assert.equal(await ask(second.url, "select current_setting('synchronous_commit') as answer"), "on");
});

test("only the owner of the folder reaches the socket and the password", async (t) => {
  const { dataDir, onEnd } = await makeFolder(t);
  const postgres = await startEmbeddedPostgres({ dataDir });
  onEnd(postgres);
  const files = clusterFiles(dataDir);
  assert.equal((await stat(files.sockets)).mode & 0o777, 0o700);
  assert.equal((await stat(files.password)).mode & 0o777, 0o600);
  assert.equal((await stat(files.log)).mode & 0o777, 0o600);
});

test("a server that is killed is started again under the same URL", async (t) => {
  const { dataDir, onEnd } = await makeFolder(t);
  const restarts: string[] = [];
  const postgres = await startEmbeddedPostgres({ dataDir, onRestart: (message) => restarts.push(message) });
  onEnd(postgres);
  await ask(postgres.url, "create table kept as select 42 as answer");
  const killed = postgres.pid();
  process.kill(killed, "SIGKILL");
  let answer: unknown = null;
  while (answer === null) answer = await ask(postgres.url, "select answer from kept").catch(() => null);
  assert.equal(answer, 42);
  assert.deepEqual(restarts, ["Postgres ended by itself and is started again"]);
  assert.notEqual(postgres.pid(), killed);
});

test("a folder whose owner lives is refused with its pid", async (t) => {
  const { dataDir, onEnd } = await makeFolder(t);
  const postgres = await startEmbeddedPostgres({ dataDir });
  onEnd(postgres);
  await assert.rejects(startEmbeddedPostgres({ dataDir }), {
    name: "StartError",
    message: new RegExp(`${dataDir} is in use by pid ${process.pid}`),
  });
});

test("of several starts at once in a folder of a dead owner, one wins", async (t) => {
  const { dataDir, onEnd } = await makeFolder(t);
  await writeFile(clusterFiles(dataDir).owner, JSON.stringify({ pid: process.pid, startedAt: "before the last boot" }));
  const starts = await Promise.allSettled([1, 2, 3].map(() => startEmbeddedPostgres({ dataDir })));
  const winners = starts.filter((start) => start.status === "fulfilled");
  for (const winner of winners) onEnd(winner.value);
  assert.equal(winners.length, 1);
});

test("a folder whose owner was killed can be used at once", async (t) => {
  const { dataDir, onEnd } = await makeFolder(t);
  const owner = await startOwner(dataDir);
  owner.kill("SIGKILL");
  await once(owner, "exit");
  const postgres = await startEmbeddedPostgres({ dataDir });
  onEnd(postgres);
  assert.equal(await ask(postgres.url, "select 1 as answer"), 1);
});

async function startOwner(dataDir: string): Promise<ChildProcess> {
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(import.meta.resolve("./embedded-postgres.ts"))};
    await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} });
    console.log("ready");
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

test("a server that outlived its owner is ended before the folder is used", async (t) => {
  const { dataDir, onEnd } = await makeFolder(t);
  const files = clusterFiles(dataDir);
  const [binaries, identity] = await Promise.all([findBinaries(), chooseIdentity(files.cluster)]);
  await makeCluster(files, binaries, identity);
  const plan = { files, binaries, identity, endpoint: await chooseEndpoint(files), settings: [] };
  const orphan = await startPostmaster(plan);
  const postgres = await startEmbeddedPostgres({ dataDir });
  onEnd(postgres);
  await orphan.ended;
  assert.notEqual(postgres.pid(), orphan.pid);
});

test("a folder with a long path is served on a loopback port, by password", async (t) => {
  const { dataDir: folder, onEnd } = await makeFolder(t);
  const dataDir = join(folder, "a".repeat(60), "b".repeat(60));
  const postgres = await startEmbeddedPostgres({ dataDir });
  onEnd(postgres);
  assert.equal(await ask(postgres.url, "select 1 as answer"), 1);
  const wrong = new URL(postgres.url);
  wrong.password = "guess";
  await assert.rejects(ask(wrong.href, "select 1 as answer"), /password authentication failed/);
});

test("a folder that can't be written is one clear sentence", async (t) => {
  const { dataDir: folder } = await makeFolder(t);
  await writeFile(join(folder, "file"), "");
  await assert.rejects(startEmbeddedPostgres({ dataDir: join(folder, "file", "data") }), (error) => {
    assert.ok(error instanceof StartError);
    assert.match(error.message, /^The data folder .* can't be written \(ENOTDIR\): .*PAWL_DATA_DIR/);
    return true;
  });
});

test("the links that npm can't carry are made, and made once", async (t) => {
  const { dataDir: root } = await makeFolder(t);
  await mkdir(join(root, "native/lib"), { recursive: true });
  await writeFile(join(root, "native/lib/libpq.so.5.18"), "");
  const links = [{ source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" }];
  await writeFile(join(root, "native/pg-symlinks.json"), JSON.stringify(links));
  await makeLinks(root);
  await makeLinks(root);
  assert.equal(await readlink(join(root, "native/lib/libpq.so.5")), "libpq.so.5.18");
});

test("data of another user is served as that user (needs root)", { skip: !isRoot }, async (t) => {
  const { dataDir, onEnd } = await makeFolder(t);
  const files = clusterFiles(dataDir);
  await makeCluster(files, await findBinaries(), { kind: "user", uid: 65_534, gid: 65_534 });
  await chmod(dataDir, 0o711);
  const postgres = await startEmbeddedPostgres({ dataDir });
  onEnd(postgres);
  assert.equal((await stat(join(files.cluster, "postmaster.pid"))).uid, 65_534);
  assert.equal(await ask(postgres.url, "select 1 as answer"), 1);
});
