import { createHash } from "node:crypto";
import { access, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { versionManifestSchema } from "@pawl/contract/task-manifest";
import type { AddedVersion } from "@pawl/worker";
import { z } from "zod";
import { notWritable } from "../command-error.ts";
import { pawlDirOf } from "../dev-file.ts";

/** A run that waits or is attempted again executes the version that it began with, so the last ones stay loaded. */
export const keptVersions = 10;

/** In all environments of a project together. */
const keptRecords = 3 * keptVersions;

const recordSchema = z.object({
  /** Tells environments apart without naming their key: a version's id is known to one of them only. */
  keyDigest: z.string(),
  id: z.string(),
  label: z.string(),
  /** Relative to `.pawl`. */
  bundlePath: z.string(),
  manifest: z.object({
    processKeepAlive: versionManifestSchema.shape.processKeepAlive,
    tasks: versionManifestSchema.shape.tasks,
  }),
});

type VersionRecord = z.infer<typeof recordSchema>;

/**
 * Writes a version into `.pawl/versions.json` as the latest one of its environment; those before the last ten leave it.
 *
 * @param version - as the server registered it; its bundle lies in `.pawl`
 * @param secretKey - of the environment
 * @throws CommandError when the file can't be written
 */
export async function recordVersion(version: AddedVersion, secretKey: string): Promise<void> {
  const { id, label, projectDir, manifest } = version;
  const keyDigest = digestOf(secretKey);
  const bundlePath = relative(pawlDirOf(projectDir), version.bundlePath);
  const records = await readRecords(projectDir);
  const others = records.filter((record) => record.keyDigest !== keyDigest);
  const earlier = records.filter((record) => record.keyDigest === keyDigest && record.id !== id);
  const latest = { keyDigest, id, label, bundlePath, manifest };
  const kept = [...others, ...earlier.slice(1 - keptVersions), latest].slice(-keptRecords);
  const path = recordsPathOf(projectDir);
  const draft = `${path}.${process.pid}`;
  try {
    await writeFile(draft, JSON.stringify(z.array(recordSchema).parse(kept)), { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    throw notWritable(dirname(path), error);
  }
}

/**
 * Reads the last versions of an environment whose bundles are still there.
 *
 * @param projectDir - absolute path of the project
 * @param secretKey - of the environment
 * @returns at most ten, the latest last; none when there is no record, or it can't be read
 */
export async function readVersions(projectDir: string, secretKey: string): Promise<AddedVersion[]> {
  const keyDigest = digestOf(secretKey);
  const records = (await readRecords(projectDir)).filter((record) => record.keyDigest === keyDigest);
  const found = await Promise.all(
    records.map(async ({ id, label, manifest, ...record }) => {
      const bundlePath = bundlePathOf(projectDir, record);
      const isThere = await access(bundlePath).then(
        () => true,
        () => false,
      );
      return isThere ? [{ id, label, manifest, bundlePath, projectDir }] : [];
    }),
  );
  return found.flat();
}

/**
 * Says which bundles the records of a project name.
 *
 * @param projectDir - absolute path of the project
 * @returns the absolute paths of their folders
 */
export async function recordedBundles(projectDir: string): Promise<ReadonlySet<string>> {
  const records = await readRecords(projectDir);
  return new Set(records.map((record) => dirname(bundlePathOf(projectDir, record))));
}

async function readRecords(projectDir: string): Promise<readonly VersionRecord[]> {
  try {
    const text = await readFile(recordsPathOf(projectDir), "utf8");
    return z.array(recordSchema).parse(JSON.parse(text));
  } catch {
    return []; // not written yet, or by another release
  }
}

function bundlePathOf(projectDir: string, { bundlePath }: Pick<VersionRecord, "bundlePath">): string {
  return resolve(pawlDirOf(projectDir), bundlePath);
}

function recordsPathOf(projectDir: string): string {
  return join(pawlDirOf(projectDir), "versions.json");
}

function digestOf(secretKey: string): string {
  return createHash("sha256").update(secretKey).digest("hex").slice(0, 32);
}
