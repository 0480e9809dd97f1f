import { readdir, readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { z } from "zod";

const bareImport = /^[^./]/;
const resolvingByName = Symbol("resolving a package by its own name");
const nativeBuildTools = [
  "bindings",
  "node-gyp-build",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
  "prebuild-install",
  "node-addon-api",
];
const platformPackage = /(?:^|[-/.])(?:linux|darwin|win32|windows|freebsd|android)(?:-|$)/;
const searchedDepth = 4;

const packageJsonSchema = z.object({
  name: z.string().optional(),
  gypfile: z.boolean().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});

/** Which packages stay outside the bundle. */
export interface ExternalSettings {
  readonly projectDir: string;
  /** Package names of the configuration's `build.external`; a `*` at the end stands for any rest. */
  readonly external: readonly string[];
  /** Whether packages with native code are found and left outside. */
  readonly isNativeDetected: boolean;
}

/**
 * Leaves packages outside the bundle that can't be in it: those with native code, and those that the configuration names.
 * An import keeps its name where Node finds the same file from the project, and becomes an absolute path where it does not.
 *
 * @param settings - the project and its configuration
 * @returns a plugin for the bundler
 */
export function externalPackages(settings: ExternalSettings): Plugin {
  const nativeByDir = new Map<string, Promise<boolean>>();
  const isNative = async (file: string) => {
    const packageDir = packageDirOf(file);
    if (packageDir === null) return false;
    const known = nativeByDir.get(packageDir) ?? hasNativeCode(packageDir);
    nativeByDir.set(packageDir, known);
    return known;
  };
  return {
    name: "pawl-external-packages",
    setup(build) {
      build.onResolve({ filter: bareImport }, (args) => {
        if (args.pluginData !== undefined || isBuiltin(args.path) || args.kind === "entry-point") return undefined;
        return outside(build, args);
      });
    },
  };

  async function outside(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
    const isNamed = settings.external.some((pattern) => matchesPackage(pattern, args.path));
    if (!isNamed && !settings.isNativeDetected) return undefined;
    const resolved = await resolvePackage(build, args.path, args.kind, args.resolveDir);
    if (resolved === null) return isNamed ? { path: args.path, external: true } : undefined;
    if (!isNamed && !(await isNative(resolved))) return undefined;
    const fromProject = await resolvePackage(build, args.path, args.kind, settings.projectDir);
    return { path: fromProject === resolved ? args.path : pathFor(args.kind, resolved), external: true };
  }
}

async function resolvePackage(
  build: PluginBuild,
  path: string,
  kind: OnResolveArgs["kind"],
  resolveDir: string,
): Promise<string | null> {
  const resolved = await build.resolve(path, { kind, resolveDir, pluginData: resolvingByName });
  return resolved.errors.length > 0 || resolved.external || resolved.namespace !== "file" ? null : resolved.path;
}

function pathFor(kind: OnResolveArgs["kind"], file: string): string {
  return kind === "require-call" || kind === "require-resolve" ? file : pathToFileURL(file).href;
}

function matchesPackage(pattern: string, path: string): boolean {
  if (pattern.endsWith("*")) return path.startsWith(pattern.slice(0, -1));
  return path === pattern || path.startsWith(`${pattern}/`);
}

/** The folder of the installed package that a file belongs to; null for a file outside `node_modules`. */
function packageDirOf(file: string): string | null {
  const parts = file.split(sep);
  const at = parts.lastIndexOf("node_modules");
  if (at === -1) return null;
  const nameLength = parts[at + 1]?.startsWith("@") === true ? 2 : 1;
  return parts.slice(0, at + 1 + nameLength).join(sep);
}

async function hasNativeCode(packageDir: string): Promise<boolean> {
  const text = await readFile(join(packageDir, "package.json"), "utf8").catch(() => null);
  const parsed = text === null ? null : packageJsonSchema.safeParse(JSON.parse(text));
  if (parsed?.success === true) {
    const { gypfile, dependencies = {}, optionalDependencies = {} } = parsed.data;
    if (gypfile === true || nativeBuildTools.some((name) => name in dependencies)) return true;
    // Packages that ship a binary for each platform load it by a computed name, which no bundler can follow.
    if (Object.keys(optionalDependencies).some((name) => platformPackage.test(name))) return true;
  }
  return hasNativeFile(packageDir, searchedDepth);
}

async function hasNativeFile(dir: string, depth: number): Promise<boolean> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  if (entries.some((entry) => entry.name.endsWith(".node") || entry.name === "binding.gyp")) return true;
  if (depth === 0) return false;
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name === "node_modules") continue;
    if (await hasNativeFile(join(dir, entry.name), depth - 1)) return true;
  }
  return false;
}
