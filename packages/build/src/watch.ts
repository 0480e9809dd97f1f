import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { type Bundle, buildBundle } from "./bundle.ts";
import { loadProject, type Project } from "./project.ts";
import { foldersUnder } from "./task-files.ts";

/** What to do with the bundles of a project that changes. */
export interface WatchOptions {
  /** The folder to make bundles in. */
  readonly outDir: string;
  /** Called with the first bundle, with each that differs from the one before, and after an error. Calls do not overlap. */
  readonly onBundle: (bundle: Bundle, project: Project) => void | Promise<void>;
  /** Called when the project can't be bundled; the last bundle stays good. */
  readonly onError: (error: unknown) => void;
}

/** A project under watch. */
export interface ProjectWatcher {
  /** Ends it; a bundle being made is not reported any more. Safe to call twice. */
  stop(): void;
}

// Editors write a file in several steps; what comes within this time is one change.
const settleMs = 40;

/**
 * Bundles a project now and after each change: of a file that is in the bundle, of the configuration, and of the files in
 * task folders, new ones and new folders included.
 *
 * Folders are watched, not files, since editors replace files; dependencies are not watched.
 *
 * @param dir - the project's folder
 * @param options - where bundles go, and whom to tell
 * @returns the watcher
 * @example
 * ```ts
 * const watcher = watchProject(".", { outDir: ".pawl/build", onBundle: console.log, onError: console.error });
 * watcher.stop();
 * ```
 */
export function watchProject(dir: string, options: WatchOptions): ProjectWatcher {
  const projectDir = resolve(dir);
  const watchers = new Map<string, FSWatcher>();
  let relevance: Relevance = { kind: "everything" };
  let edited: readonly string[] = [];
  let lastHash: string | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isBuilding = false;
  let isStopped = false;

  const schedule = () => {
    if (isStopped || timer !== null || isBuilding) return;
    timer = setTimeout(() => {
      timer = null;
      void rebuild();
    }, settleMs);
  };
  let hasChanged = false;
  const changed = (path: string) => {
    if (!isRelevant(relevance, path)) return;
    hasChanged = true;
    schedule();
  };
  const watchFolders = (folders: readonly string[]) => {
    if (!isStopped) watchExactly(watchers, folders, changed);
  };
  const rebuild = async () => {
    isBuilding = true;
    hasChanged = false;
    try {
      const folders = await foldersUnder(projectDir);
      watchFolders([...folders, ...edited]);
      const project = await loadProject(projectDir);
      const built = await buildBundle(project, options.outDir);
      relevance = { kind: "project", project, inputs: new Set(built.inputs) };
      edited = editedFolders(built.inputs);
      watchFolders([...folders, ...edited]);
      if (!isStopped && built.contentHash !== lastHash) {
        lastHash = built.contentHash;
        await options.onBundle({ path: built.path, contentHash: built.contentHash }, project);
      }
    } catch (error) {
      relevance = { kind: "everything" };
      lastHash = null;
      if (!isStopped) options.onError(error);
    }
    isBuilding = false;
    if (hasChanged) schedule();
  };
  void rebuild();

  return {
    stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** Which changed paths can change the bundle. After a failure any path may be what was missing. */
type Relevance =
  | { readonly kind: "everything" }
  | { readonly kind: "project"; readonly project: Project; readonly inputs: ReadonlySet<string> };

function isRelevant(relevance: Relevance, path: string): boolean {
  if (basename(path).startsWith(".") || basename(path) === "node_modules") return false;
  if (relevance.kind === "everything" || relevance.inputs.has(path)) return true;
  const { project } = relevance;
  if (path === join(project.dir, basename(path)) && basename(path).startsWith("trigger.config.")) return true;
  if (basename(path) === "trigger") return true;
  return project.taskDirs.some((dir) => path === dir || path.startsWith(dir + sep));
}

function watchExactly(
  watchers: Map<string, FSWatcher>,
  folders: readonly string[],
  changed: (path: string) => void,
): void {
  const wanted = new Set(folders);
  for (const [folder, watcher] of watchers) {
    if (wanted.has(folder)) continue;
    watcher.close();
    watchers.delete(folder);
  }
  for (const folder of wanted) {
    if (watchers.has(folder)) continue;
    try {
      const watcher = watch(folder, (_event, name) => changed(name === null ? folder : join(folder, name)));
      // The folder is gone; its parent's watcher tells of it.
      watcher.on("error", () => watcher.close());
      watchers.set(folder, watcher);
    } catch {
      // The folder vanished between listing and watching.
    }
  }
}

function editedFolders(inputs: readonly string[]): readonly string[] {
  const edited = inputs.filter((input) => !input.includes(`${sep}node_modules${sep}`));
  return [...new Set(edited.map((input) => dirname(input)))];
}
