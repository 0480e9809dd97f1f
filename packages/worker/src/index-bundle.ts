import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type TaskManifest, taskManifestSchema, type VersionManifest } from "@pawl/contract/task-manifest";
import { z } from "zod";
import type { BundleDescription, ImportFailure } from "./channel/messages.ts";
import { ProcessListener } from "./host/process-listener.ts";
import { OutputFolder } from "./host/process-output.ts";
import { RunProcess } from "./host/run-process.ts";
import { IndexError } from "./index-error.ts";

const timeoutMs = 60_000;
/** What names a task whose other settings may be wrong. */
const taskNameSchema = z.object({ id: z.string().catch("?"), filePath: z.string().catch("") });

/**
 * Imports a bundle in a process of its own and lists its tasks.
 *
 * @param bundlePath - the bundle's file
 * @param options - `projectDir`: the working directory of the process; `variables`: added to its environment
 * @returns the version's manifest, but for the hash of its content
 * @throws IndexError when the bundle can't be imported (with the file and the stack in the source), when two tasks have one id
 *   (with both files), or when a task's settings are out of range
 * @example
 * ```ts
 * const manifest = { ...(await indexBundle(bundle.path, { projectDir })), contentHash: bundle.contentHash };
 * ```
 */
export async function indexBundle(
  bundlePath: string,
  options: { readonly projectDir: string; readonly variables?: Readonly<Record<string, string>> },
): Promise<Omit<VersionManifest, "contentHash">> {
  const dataDir = await mkdtemp(join(tmpdir(), "pawl-index-"));
  const outputs = new OutputFolder(dataDir);
  const listener = new ProcessListener();
  try {
    await listener.listen();
    const compileCacheDir = join(dataDir, "compile-cache");
    const settings = { listener, outputs, compileCacheDir, environment: options.variables ?? {} };
    const bundle = { versionId: "index", bundlePath: resolve(bundlePath), projectDir: resolve(options.projectDir) };
    return manifestOf(await describe(bundle, settings));
  } finally {
    listener.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function describe(
  bundle: ConstructorParameters<typeof RunProcess>[0],
  settings: ConstructorParameters<typeof RunProcess>[1],
): Promise<BundleDescription> {
  return new Promise((resolve, reject) => {
    let outcome: (() => void) | null = null;
    const fail = (failure: ImportFailure) => () => reject(new IndexError(failure));
    const child = new RunProcess({ ...bundle, isIndexing: true }, settings, {
      prepared(process, { description }) {
        if (description !== undefined) outcome = () => resolve(description);
        process.kill();
      },
      broken(process, failure) {
        outcome ??= fail(failure);
        process.kill();
      },
      ended() {},
      unbegun() {},
      called() {},
      parked() {},
      telemetry() {},
      died(_process, { outputTail }) {
        clearTimeout(timer);
        const message = `The process that imports the bundle ended by itself. Its last output:\n${outputTail}`;
        (outcome ?? fail({ filePath: null, message, stack: "" }))();
      },
    });
    const timer = setTimeout(() => {
      const message = `The bundle was not imported within ${timeoutMs / 1_000} s: something at the top level of a task file waits.`;
      outcome ??= fail({ filePath: null, message, stack: "" });
      child.kill();
    }, timeoutMs);
  });
}

function manifestOf({ tasks, processKeepAlive, duplicates }: BundleDescription): Omit<VersionManifest, "contentHash"> {
  const [duplicate] = duplicates;
  if (duplicate !== undefined) {
    const files = duplicate.filePaths.join(" and ");
    const message = `Two tasks have the id "${duplicate.id}": in ${files}. Give one of them another id.`;
    throw new IndexError({ filePath: duplicate.filePaths[0] ?? null, message, stack: "" });
  }
  return { tasks: tasks.map(validTask), processKeepAlive };
}

function validTask(task: unknown): TaskManifest {
  const parsed = taskManifestSchema.safeParse(task);
  if (parsed.success) return parsed.data;
  const { id, filePath } = taskNameSchema.parse(task);
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  const place = filePath === "" ? "" : ` in ${filePath}`;
  throw new IndexError({
    filePath: filePath === "" ? null : filePath,
    message: `The task "${id}"${place} is not valid. ${problems}.`,
    stack: "",
  });
}
