import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import picomatch from "picomatch";
import { ProjectError } from "./project-error.ts";

const taskFilePattern = /\.(?:ts|tsx|mts|cts|js|jsx|mjs|cjs)$/;
const declarationPattern = /\.d\.[mc]?ts$/;
const defaultIgnorePatterns = ["*.test.*", "*.spec.*"];
const initFilePattern = /^init\.[mc]?[jt]sx?$/;
const skippedFolders = new Set(["node_modules", "dist", "build", "out", "coverage"]);

/** Which files of a project are searched for tasks. */
export interface TaskFileSettings {
  /** The configuration's `dirs`; absent: every folder named `trigger`. */
  readonly dirs?: readonly string[] | undefined;
  /** Globs of files that are no task files; they replace the default, which leaves out tests. */
  readonly ignorePatterns?: readonly string[] | undefined;
  /** The configuration's file name, for messages; `null` without one. */
  readonly configName: string | null;
}

/** Folders and files with tasks, as absolute paths. Files named `init` at the root of a folder come first. */
export interface TaskFiles {
  readonly taskDirs: readonly string[];
  readonly taskFiles: readonly string[];
}

/**
 * Finds the task folders of a project and the files in them.
 *
 * @param projectDir - absolute path of the project
 * @param settings - the configuration's part in it
 * @returns folders and files, sorted, so that the same project gives the same bundle
 * @throws ProjectError when a folder is missing, or no file is found
 */
export async function findTaskFiles(projectDir: string, settings: TaskFileSettings): Promise<TaskFiles> {
  const taskDirs =
    settings.dirs === undefined ? await triggerFolders(projectDir) : await namedFolders(projectDir, settings);
  if (taskDirs.length === 0) {
    throw new ProjectError(
      `There is no task folder in ${projectDir}. Make a folder named "trigger" with a task in it, or name your folders under "dirs" in trigger.config.ts.`,
    );
  }
  const isIgnored = ignoring(settings.ignorePatterns ?? defaultIgnorePatterns);
  const found = new Set<string>();
  for (const dir of taskDirs) for (const file of await filesUnder(dir)) found.add(file);
  const isTaskFile = (file: string) =>
    taskFilePattern.test(file) && !declarationPattern.test(file) && !isIgnored(portable(relative(projectDir, file)));
  const isInit = (file: string) => initFilePattern.test(basename(file)) && taskDirs.includes(resolve(file, ".."));
  const files = [...found].filter(isTaskFile).sort();
  const taskFiles = [...files.filter(isInit), ...files.filter((file) => !isInit(file))];
  if (taskFiles.every(isInit)) {
    const names = taskDirs.map((dir) => relative(projectDir, dir) || ".").join(", ");
    throw new ProjectError(
      `There is no task file in ${names}. Add one that exports a task, such as ${names.split(", ")[0]}/hello.ts.`,
    );
  }
  return { taskDirs, taskFiles };
}

/**
 * Lists a folder and all folders below it, without dependencies, outputs and hidden folders.
 *
 * @param dir - absolute path
 * @returns absolute paths, `dir` first
 */
export async function foldersUnder(dir: string): Promise<readonly string[]> {
  const folders = [dir];
  for (const folder of folders) {
    for (const entry of await entriesOf(folder)) {
      const isSkipped = skippedFolders.has(entry.name) || entry.name.startsWith(".");
      if (entry.isDirectory() && !isSkipped) folders.push(join(folder, entry.name));
    }
  }
  return folders;
}

async function triggerFolders(projectDir: string): Promise<readonly string[]> {
  const folders = await foldersUnder(projectDir);
  return folders.filter((folder) => basename(folder) === "trigger").sort();
}

async function namedFolders(projectDir: string, settings: TaskFileSettings): Promise<readonly string[]> {
  const dirs = settings.dirs ?? [];
  for (const dir of dirs) {
    const found = await stat(resolve(projectDir, dir)).catch(() => null);
    if (found?.isDirectory() === true) continue;
    throw new ProjectError(
      `The task folder ${dir}, named under "dirs" in ${settings.configName ?? "trigger.config.ts"}, does not exist. Create it, or correct "dirs".`,
    );
  }
  return dirs.map((dir) => resolve(projectDir, dir)).sort();
}

/** A pattern without a slash is about a file's name, one with a slash about its path in the project. */
function ignoring(patterns: readonly string[]): (path: string) => boolean {
  const matchers = patterns.map((pattern) => picomatch(pattern, { basename: !pattern.includes("/"), dot: true }));
  return (path) => matchers.some((matches) => matches(path));
}

async function filesUnder(dir: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const folder of await foldersUnder(dir)) {
    for (const entry of await entriesOf(folder)) if (entry.isFile()) files.push(join(folder, entry.name));
  }
  return files;
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  // A folder that vanishes or may not be read holds no tasks.
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

function portable(path: string): string {
  return path.split(sep).join("/");
}
