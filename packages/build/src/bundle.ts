import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { build, type OutputFile } from "esbuild";
import { startExtensions } from "./build-extensions.ts";
import { bundleEntry } from "./bundle-entry.ts";
import { bundlerSettings } from "./bundler-settings.ts";
import type { Project } from "./project.ts";
import { bundlingError, isBuildFailure } from "./project-error.ts";

/** The tasks of a project as one module. */
export interface Bundle {
  /** Absolute path of `index.mjs`; its source map lies beside it. The folder never changes. */
  readonly path: string;
  /** 32 hex digits over everything in the folder: the same code has the same hash. */
  readonly contentHash: string;
}

/** A bundle and the files that went into it. */
export interface BuiltBundle extends Bundle {
  /** Absolute paths, those of dependencies included. */
  readonly inputs: readonly string[];
}

const entryFile = "index.mjs";

/**
 * Bundles a project's tasks into one ESM file with a linked source map, in a folder named by the hash of its content.
 *
 * The bundle imports the configuration and then each task file in turn, and exports `{ config }`. Everything is in it but
 * packages with native code and those of `build.external`, so `outDir` should lie inside the project, where Node finds them.
 *
 * @param project - what `loadProject` found
 * @param options - `outDir`: the folder to make the bundle's own folder in
 * @returns where the bundle is
 * @throws ProjectError naming file and line when the code does not parse or an import is not found
 * @example
 * ```ts
 * const { path } = await bundleProject(await loadProject("."), { outDir: ".pawl/build" });
 * ```
 */
export async function bundleProject(project: Project, options: { readonly outDir: string }): Promise<Bundle> {
  const { path, contentHash } = await buildBundle(project, options.outDir);
  return { path, contentHash };
}

/**
 * Does what {@link bundleProject} does and tells which files went in.
 *
 * @param project - the project
 * @param outDir - the folder to make the bundle's own folder in
 * @returns the bundle and its inputs
 */
export async function buildBundle(project: Project, outDir: string): Promise<BuiltBundle> {
  // As deep as the final folder, so that the paths in the source map stay right.
  const buildDir = resolve(outDir, "building");
  try {
    const additions = await startExtensions(project, "dev");
    const settings = bundlerSettings(project.dir, project.config, additions);
    const entry = bundleEntry(project);
    const result = await build({
      ...settings,
      stdin: entry.stdin,
      // The project's own plugins see its files first.
      plugins: [...additions.plugins, entry.plugin, ...settings.plugins],
      outfile: join(buildDir, entryFile),
      sourcemap: "linked",
    });
    const contentHash = hashOf(result.outputFiles, buildDir);
    const path = await writeOnce(result.outputFiles, buildDir, resolve(outDir, contentHash));
    await additions.completed({ outputPath: dirname(path), contentHash });
    const inputs = Object.keys(result.metafile.inputs).map((input) => resolve(project.dir, input));
    return { path, contentHash, inputs };
  } catch (error) {
    if (isBuildFailure(error)) throw bundlingError("The tasks could not be bundled", error, project.dir);
    throw error;
  }
}

function hashOf(files: readonly OutputFile[], buildDir: string): string {
  const hash = createHash("sha256");
  for (const file of files)
    hash.update(`${relative(buildDir, file.path)}\0${file.contents.length}\0`).update(file.contents);
  return hash.digest("hex").slice(0, 32);
}

async function writeOnce(files: readonly OutputFile[], buildDir: string, folder: string): Promise<string> {
  const path = join(folder, entryFile);
  if (await isThere(path)) return path;
  const unfinished = `${folder}.${randomUUID()}`;
  for (const file of files) {
    const target = join(unfinished, relative(buildDir, file.path));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, file.contents);
  }
  try {
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Someone else has made the same folder meanwhile.
    if (!(await isThere(path))) throw error;
  }
  return path;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
