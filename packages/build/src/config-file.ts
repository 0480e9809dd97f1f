import { randomUUID } from "node:crypto";
import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { SourceMap } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BuildExtension } from "@pawl/contract/build-extension";
import { build } from "esbuild";
import { z } from "zod";
import { bundlerSettings } from "./bundler-settings.ts";
import { bundlingError, isBuildFailure, ProjectError } from "./project-error.ts";

const fileNames = ["ts", "mts", "cts", "js", "mjs", "cjs"].map((extension) => `trigger.config.${extension}`);

const extensionSchema = z.custom<BuildExtension>(
  (value) => typeof value === "object" && value !== null && "name" in value && typeof value.name === "string",
  "a build extension is an object with a name, as functions such as ffmpeg() give it",
);

const projectConfigSchema = z.looseObject({
  project: z.string().optional(),
  dirs: z.array(z.string().min(1)).min(1).optional(),
  ignorePatterns: z.array(z.string().min(1)).optional(),
  tsconfig: z.string().optional(),
  processKeepAlive: z.union([z.boolean(), z.looseObject({ enabled: z.boolean() })]).optional(),
  build: z
    .looseObject({
      external: z.array(z.string().min(1)).optional(),
      autoDetectExternal: z.boolean().optional(),
      keepNames: z.boolean().optional(),
      minify: z.boolean().optional(),
      conditions: z.array(z.string().min(1)).optional(),
      jsx: z.object({ factory: z.string(), fragment: z.string(), automatic: z.boolean() }).partial().optional(),
      extensions: z.array(extensionSchema).optional(),
    })
    .optional(),
});

/** What bundling reads of a project's configuration. Everything else in it is kept as it is. */
export type ProjectConfig = z.infer<typeof projectConfigSchema>;

/** A configuration and the file it stands in; `path` is `null` for a project without one. */
export interface ConfigFile {
  readonly path: string | null;
  readonly config: ProjectConfig;
}

/**
 * Reads a project's `trigger.config.ts` (or `.mts`, `.cts`, `.js`, `.mjs`, `.cjs`) by bundling and importing it.
 *
 * @param projectDir - absolute path of the project
 * @returns the configuration; an empty one without a file
 * @throws ProjectError naming file and line when it does not parse, throws, or does not fit
 */
export async function loadConfigFile(projectDir: string): Promise<ConfigFile> {
  const path = await findConfigFile(projectDir);
  if (path === null) return { path, config: {} };
  const name = basename(path);
  const code = await bundleConfig(projectDir, path);
  const module = await importOnce(projectDir, path, code);
  const value = module.default ?? module.config;
  if (value === undefined) {
    throw new ProjectError(`${name} exports no configuration. Write "export default defineConfig({ … })" in it.`);
  }
  const misspelt = misspeltSetting(value);
  if (misspelt !== null) {
    throw new ProjectError(
      `${name} has a setting "${misspelt.name}", which there is not. Did you mean "${misspelt.meant}"?`,
    );
  }
  const parsed = projectConfigSchema.safeParse(value);
  if (parsed.success) return { path, config: parsed.data };
  const issues = parsed.error.issues.map((issue) => `"${issue.path.join(".")}": ${issue.message}`);
  throw new ProjectError(`${name} is not valid: ${issues[0]}. Correct that setting.`, { details: issues.slice(1) });
}

/** Settings of which another form would be ignored without a word. */
const settings = [
  "project",
  "dirs",
  "ignorePatterns",
  "tsconfig",
  "retries",
  "machine",
  "maxDuration",
  "processKeepAlive",
];

/** Finds a setting that is one of them but for its end or its capitals. Others may be the original's, and are let be. */
function misspeltSetting(config: unknown): { readonly name: string; readonly meant: string } | null {
  if (typeof config !== "object" || config === null) return null;
  for (const name of Object.keys(config)) {
    if (settings.includes(name)) continue;
    const meant = settings.find((setting) => stemOf(setting) === stemOf(name));
    if (meant !== undefined) return { name, meant };
  }
  return null;
}

function stemOf(name: string): string {
  return name.toLowerCase().replace(/(ies|y|s)$/, "");
}

async function findConfigFile(projectDir: string): Promise<string | null> {
  for (const name of fileNames) {
    const path = join(projectDir, name);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}

interface Code {
  readonly text: string;
  readonly map: string;
}

async function bundleConfig(projectDir: string, path: string): Promise<Code> {
  try {
    const result = await build({
      ...bundlerSettings(projectDir, {}),
      entryPoints: [path],
      outfile: join(temporaryDir(projectDir), "config.mjs"),
      sourcemap: "external",
    });
    const textOf = (ending: string) => result.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? "";
    return { text: textOf(".mjs"), map: textOf(".map") };
  } catch (error) {
    if (isBuildFailure(error)) throw bundlingError(`${basename(path)} could not be read`, error, projectDir);
    throw error;
  }
}

// Beside the project's packages, so that what stays outside the bundle is found.
function temporaryDir(projectDir: string): string {
  return join(projectDir, ".pawl", "config");
}

async function importOnce(projectDir: string, path: string, code: Code): Promise<Record<string, unknown>> {
  const dir = temporaryDir(projectDir);
  const file = join(dir, `${randomUUID()}.mjs`);
  await writeTemporary(dir, file, code.text);
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const place = error instanceof Error ? placeInSource(error, file, code.map, projectDir) : null;
    const where = place === null ? "" : ` (${place})`;
    throw new ProjectError(`${basename(path)} threw while it was loaded: ${message}${where}. Correct it.`, {
      cause: error,
    });
  } finally {
    await rm(file, { force: true });
  }
}

async function writeTemporary(dir: string, file: string, text: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(file, text);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new ProjectError(`The folder ${dir} can't be written (${reason}). Change its permissions.`, { cause: error });
  }
}

/** The first place in the user's files that an error's stack names, as `file:line:column`. */
function placeInSource(error: Error, file: string, map: string, projectDir: string): string | null {
  const escaped = pathToFileURL(file).href.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const frame = new RegExp(`${escaped}:(\\d+):(\\d+)`).exec(error.stack ?? "");
  if (frame === null) return null;
  const entry = new SourceMap(JSON.parse(map)).findEntry(Number(frame[1]) - 1, Number(frame[2]) - 1);
  if (!("originalSource" in entry)) return null;
  const source = entry.originalSource.startsWith("file:") ? fileURLToPath(entry.originalSource) : entry.originalSource;
  return `${relative(projectDir, resolve(dirname(file), source))}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}
