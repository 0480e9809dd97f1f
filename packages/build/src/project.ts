import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { loadConfigFile, type ProjectConfig } from "./config-file.ts";
import { ProjectError } from "./project-error.ts";
import { findTaskFiles } from "./task-files.ts";

/** A folder with tasks: its configuration and its task files, all paths absolute. */
export interface Project {
  readonly dir: string;
  /** `null` for a project without a configuration file. */
  readonly configPath: string | null;
  readonly config: ProjectConfig;
  readonly taskDirs: readonly string[];
  /** In the order in which they are imported: `init` files first, then by name. */
  readonly taskFiles: readonly string[];
}

/**
 * Reads a project: loads `trigger.config.ts`, and finds its task files in the folders that the configuration names under
 * `dirs`, or in every folder named `trigger`.
 *
 * @param dir - the project's folder, absolute or relative to the current one
 * @returns the project
 * @throws ProjectError, one sentence with what to do, when the folder, the configuration or the tasks are not as they must be
 * @example
 * ```ts
 * const project = await loadProject(".");
 * const bundle = await bundleProject(project, { outDir: ".pawl/build" });
 * ```
 */
export async function loadProject(dir: string): Promise<Project> {
  const projectDir = resolve(dir);
  const found = await stat(projectDir).catch(() => null);
  if (found?.isDirectory() !== true) {
    throw new ProjectError(`The folder ${projectDir} does not exist. Give the folder of your project.`);
  }
  const { path, config } = await loadConfigFile(projectDir);
  const files = await findTaskFiles(projectDir, {
    dirs: config.dirs,
    ignorePatterns: config.ignorePatterns,
    configName: path === null ? null : basename(path),
  });
  return { dir: projectDir, configPath: path, config, ...files };
}
