import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "oxc-parser";
import { listPackages, type WorkspacePackage } from "./workspace.ts";

/** One import of a file. A `type` import is gone at run time; a `lazy` one is a call of `import()`. */
export interface Import {
  readonly specifier: string;
  readonly kind: "value" | "type" | "lazy";
  /** The file of this repository that it names; null for a library. */
  readonly target: string | null;
}

/** A source file and what it imports. */
export interface SourceFile {
  readonly path: string;
  /** The package it belongs to, or the folder at the top of the repository. */
  readonly area: string;
  /** Where it stands inside its package: `engine`, or `main.ts` for a file at its top. */
  readonly section: string;
  readonly isTest: boolean;
  readonly imports: readonly Import[];
}

/** All source files of a repository, by path. */
export type ImportGraph = ReadonlyMap<string, SourceFile>;

const sources = ["packages/*/src/**/*.{ts,tsx}", "{examples,e2e,bench,scripts}/**/*.{ts,tsx}"];
const isTestPath = /\.test(-d)?\.tsx?$|\/fixtures\//;

/**
 * Parses every source file of a repository.
 *
 * @param root - the folder of the repository
 * @returns the files with their imports
 */
export function readImportGraph(root: string): ImportGraph {
  const packages = new Map(listPackages(root).map((pkg) => [pkg.manifest.name, pkg]));
  const graph = new Map<string, SourceFile>();
  for (const name of globSync(sources, { cwd: root, exclude: ["**/node_modules", "**/dist", "**/.pawl"] }).sort()) {
    const [top = "", folder = "", , section = ""] = name.split("/");
    const path = join(root, name);
    graph.set(path, {
      path,
      area: top === "packages" ? folder : top,
      section,
      isTest: isTestPath.test(name),
      imports: readImports(path).map((found) => ({ ...found, target: resolveImport(found.specifier, path, packages) })),
    });
  }
  return graph;
}

function readImports(path: string): readonly Omit<Import, "target">[] {
  const text = readFileSync(path, "utf8");
  const { module } = parseSync(path, text);
  const found = new Map<string, Omit<Import, "target">>();
  const add = (specifier: string, kind: Import["kind"]) => found.set(`${kind} ${specifier}`, { specifier, kind });
  for (const { moduleRequest, entries } of module.staticImports) {
    add(moduleRequest.value, entries.length > 0 && entries.every((entry) => entry.isType) ? "type" : "value");
  }
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, isType } of entries) {
      if (moduleRequest !== null) add(moduleRequest.value, isType ? "type" : "value");
    }
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^["'`](.*)["'`]$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal?.[1] !== undefined) add(literal[1], "lazy");
  }
  return [...found.values()];
}

function resolveImport(
  specifier: string,
  from: string,
  packages: ReadonlyMap<string, WorkspacePackage>,
): string | null {
  if (specifier.startsWith(".")) return resolve(dirname(from), specifier);
  const pkg = packages.get(specifier.split("/").slice(0, 2).join("/"));
  if (pkg === undefined) return null;
  const subpath = `.${specifier.slice(pkg.manifest.name.length)}`;
  for (const [pattern, conditions] of Object.entries(pkg.manifest.exports ?? {})) {
    const source = conditions["@pawl/source"];
    if (typeof source !== "string") continue;
    if (pattern === subpath) return join(pkg.dir, source);
    const [before = "", after] = pattern.split("*");
    if (after === undefined || !subpath.startsWith(before) || !subpath.endsWith(after)) continue;
    return join(pkg.dir, source.replace("*", subpath.slice(before.length, subpath.length - after.length)));
  }
  return join(pkg.dir, relative(".", subpath)); // no such export: the type check tells of it
}

/**
 * Looks for files that need each other to be loaded.
 *
 * @param graph - the files
 * @returns the paths along one cycle of value imports, the first repeated at the end; null when there is none
 */
export function findCycle(graph: ImportGraph): readonly string[] | null {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | null => {
    const start = trail.indexOf(path);
    if (start !== -1) return [...trail.slice(start), path];
    if (done.has(path)) return null;
    for (const { kind, target } of graph.get(path)?.imports ?? []) {
      const cycle = kind === "value" && target !== null ? visit(target, [...trail, path]) : null;
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const path of graph.keys()) {
    const cycle = visit(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

/**
 * Follows value imports from a file to a library.
 *
 * @param graph - the files
 * @param start - where to begin
 * @param library - the library's name
 * @returns the paths from `start` to the file that loads the library; null when none does
 */
export function findTrailToLibrary(graph: ImportGraph, start: string, library: string): readonly string[] | null {
  const seen = new Set<string>();
  const trails: (readonly string[])[] = [[start]];
  for (const trail of trails) {
    for (const { specifier, kind, target } of graph.get(trail.at(-1) ?? start)?.imports ?? []) {
      if (kind !== "value") continue;
      if (specifier === library || specifier.startsWith(`${library}/`)) return trail;
      if (target === null || seen.has(target)) continue;
      seen.add(target);
      trails.push([...trail, target]);
    }
  }
  return null;
}
