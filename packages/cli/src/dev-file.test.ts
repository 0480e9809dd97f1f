import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findCredentials } from "./api/credentials.ts";
import { findDevFile, makePawlDir, readDevFile, removeDevFile, writeDevFile } from "./dev-file.ts";

const content = {
  apiUrl: "http://127.0.0.1:1",
  secretKey: "tr_dev_x",
  dashboardUrl: "http://127.0.0.1:1",
  pid: process.pid,
};

async function withProject(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-dev-file-"));
  try {
    await makePawlDir(dir);
    await body(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

test("the file is its owner's alone, and is found from folders below", async () => {
  await withProject(async (dir) => {
    await writeDevFile(dir, content);
    assert.equal((await stat(join(dir, ".pawl/dev.json"))).mode & 0o777, 0o600);
    assert.equal(await readFile(join(dir, ".pawl/.gitignore"), "utf8"), "*\n");
    await mkdir(join(dir, "src/deep"), { recursive: true });
    assert.deepEqual(await findDevFile(join(dir, "src/deep")), content);
    await removeDevFile(dir);
    await removeDevFile(dir);
    assert.equal(await readDevFile(dir), null);
  });
});

test("a file whose writer is gone, or that is no such file, does not count", async () => {
  await withProject(async (dir) => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    await writeDevFile(dir, { ...content, pid });
    assert.equal(await readDevFile(dir), null);
    await writeFile(join(dir, ".pawl/dev.json"), "{");
    assert.equal(await readDevFile(dir), null);
  });
});

test("a key in the environment comes first, then the pawl dev of the folder", async () => {
  await withProject(async (dir) => {
    await writeDevFile(dir, content);
    const find = (env: NodeJS.ProcessEnv) => findCredentials({ env, dir });
    assert.deepEqual(await find({}), { apiUrl: content.apiUrl, secretKey: "tr_dev_x" });
    assert.deepEqual(await find({ TRIGGER_SECRET_KEY: "k" }), { apiUrl: "http://localhost:3030", secretKey: "k" });
    const remote = { TRIGGER_SECRET_KEY: "k", TRIGGER_API_URL: "https://pawl.example/" };
    assert.deepEqual(await find(remote), { apiUrl: "https://pawl.example", secretKey: "k" });
    await assert.rejects(find({ TRIGGER_API_URL: "https://pawl.example" }), /There is no key/);
  });
});
