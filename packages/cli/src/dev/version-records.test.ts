import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { makePawlDir } from "../dev-file.ts";
import { pruneBundles } from "./bundle-folder.ts";
import { readVersions, recordedBundles, recordVersion } from "./version-records.ts";

const key = "tr_dev_one";

async function withProject(body: (projectDir: string) => Promise<void>): Promise<void> {
  const projectDir = await mkdtemp(join(tmpdir(), "pawl-versions-"));
  try {
    await makePawlDir(projectDir);
    await body(projectDir);
  } finally {
    await rm(projectDir, { recursive: true });
  }
}

async function record(projectDir: string, number: number, secretKey = key) {
  const bundlePath = join(projectDir, ".pawl/build", `bundle-${number}`, "index.mjs");
  await mkdir(dirname(bundlePath), { recursive: true });
  await writeFile(bundlePath, "");
  const manifest = { processKeepAlive: true, tasks: [] };
  const version = { id: `version_${number}`, label: `20260101.${number}`, bundlePath, projectDir, manifest };
  await recordVersion(version, secretKey);
  return version;
}

const idsOf = async (projectDir: string, secretKey = key) =>
  (await readVersions(projectDir, secretKey)).map(({ id }) => id);

test("the last ten versions of an environment are found again, the latest last", () =>
  withProject(async (projectDir) => {
    assert.deepEqual(await readVersions(projectDir, key), []);
    const first = await record(projectDir, 1);
    await record(projectDir, 2);
    await record(projectDir, 100, "tr_dev_two");
    assert.deepEqual((await readVersions(projectDir, key))[0], first);
    await record(projectDir, 1);
    assert.deepEqual(await idsOf(projectDir), ["version_2", "version_1"]);
    for (let number = 3; number <= 11; number++) await record(projectDir, number);
    assert.deepEqual((await idsOf(projectDir)).slice(0, 2), ["version_1", "version_3"]);
    assert.equal((await idsOf(projectDir)).length, 10);
    assert.deepEqual(await idsOf(projectDir, "tr_dev_two"), ["version_100"]);
    assert.deepEqual(await idsOf(projectDir, "tr_dev_three"), []);
  }));

test("the records name no key, and are their owner's alone", () =>
  withProject(async (projectDir) => {
    await record(projectDir, 1);
    const path = join(projectDir, ".pawl/versions.json");
    assert.ok(!(await readFile(path, "utf8")).includes(key));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  }));

test("a version without its bundle is not found, and what can't be read counts as no record", () =>
  withProject(async (projectDir) => {
    const { bundlePath } = await record(projectDir, 1);
    await record(projectDir, 2);
    await rm(dirname(bundlePath), { recursive: true });
    assert.deepEqual(await idsOf(projectDir), ["version_2"]);
    await writeFile(join(projectDir, ".pawl/versions.json"), '[{"id":');
    assert.deepEqual(await idsOf(projectDir), []);
    await record(projectDir, 3);
    assert.deepEqual(await idsOf(projectDir), ["version_3"]);
  }));

test("a bundle that a record names stays, however old it is", () =>
  withProject(async (projectDir) => {
    const dir = join(projectDir, ".pawl/build");
    const { bundlePath } = await record(projectDir, 1);
    await utimes(dirname(bundlePath), 1, 1);
    for (let number = 1; number <= 11; number++) {
      const folder = join(dir, `unrecorded-${number}`);
      await mkdir(folder);
      await utimes(folder, 1 + number, 1 + number);
    }
    await pruneBundles(dir, await recordedBundles(projectDir));
    assert.deepEqual(await idsOf(projectDir), ["version_1"]);
    await assert.rejects(stat(join(dir, "unrecorded-1")));
    await stat(join(dir, "unrecorded-2"));
  }));
