import { relative } from "node:path";
import {
  findCycle,
  findTrailToLibrary,
  type Import,
  type ImportGraph,
  readImportGraph,
  type SourceFile,
} from "./import-graph.ts";

/** Which packages a package may import; a name that is missing here may import all of them. */
const packageRule: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  sdk: ["contract"],
  "react-hooks": ["sdk"],
  worker: ["contract", "sdk"],
  testing: ["contract", "sdk", "worker"],
  build: ["contract"],
  python: ["build", "sdk"],
  check: [],
  server: ["contract"],
  cli: ["contract", "build", "check", "worker", "server"],
  examples: ["sdk", "build", "python"],
};

/**
 * Which folders of the server a folder of it may import; only main.ts, which constructs everything, sees them all.
 * Other files at the top of the server are open to every folder but the engine.
 */
const serverRule: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  store: ["engine"],
  telemetry: ["engine"],
  api: ["engine", "realtime", "dev-worker"],
  "dev-worker": ["engine", "api"],
  realtime: ["engine"],
};

/** Libraries that only some folders of the server may touch, besides main.ts. */
const serverLibraries: Readonly<Record<string, readonly string[]>> = {
  pg: ["store"],
  "pg-copy-streams": ["store"],
  fastify: ["api", "dev-worker"],
  ws: ["api"],
  "socket.io": ["dev-worker"],
};

/** Parts of Node and libraries that reach nothing outside the process. */
const engineLibraries: readonly string[] = ["node:crypto", "node:events", "node:util", "croner", "cronstrue"];

/** The one file of the SDK that stands for another package: the testing kit is published as a part of the SDK. */
const testingEntry = "packages/sdk/src/testing.ts";

const vagueName = /^(utils?|helpers?|common|shared|misc|v\d+)(\.|$)/;

/**
 * Finds what breaks the import rule in a repository: the tables above, cycles, names that say nothing, and a library
 * that would slow every start of an app.
 *
 * @param root - the folder of the repository
 * @returns one line for each violation
 */
export function findViolations(root: string): readonly string[] {
  const graph = readImportGraph(root);
  const violations: string[] = [];
  for (const file of graph.values()) {
    const name = relative(root, file.path);
    if (name.split("/").some((part) => vagueName.test(part))) violations.push(`${name}: name it after what it holds`);
    for (const found of file.imports) {
      const reason = packageViolation(file, found, graph) ?? serverViolation(file, found, graph);
      if (reason !== null) violations.push(`${name}: imports ${found.specifier}, but ${reason}`);
    }
    const isLoadedByApps = file.area === "sdk" && !file.isTest && name !== testingEntry;
    const trail = isLoadedByApps ? findTrailToLibrary(graph, file.path, "zod") : null;
    if (trail !== null) violations.push(`${name}: loads zod through ${relative(root, trail.at(-1) ?? "")}`);
  }
  const cycle = findCycle(graph);
  if (cycle !== null) violations.push(`import cycle: ${cycle.map((path) => relative(root, path)).join(" → ")}`);
  return violations;
}

function packageViolation(file: SourceFile, { specifier, kind, target }: Import, graph: ImportGraph): string | null {
  const area = target === null ? undefined : areaOf(target, graph);
  if (area === undefined) return null;
  if (area === file.area)
    return specifier.startsWith("@pawl/") && !file.isTest ? "a package does not import itself" : null;
  if (specifier.startsWith(".") && target?.includes("/packages/")) return "packages are imported by their name";
  if (area === "testkit") return file.isTest || !(file.area in packageRule) ? null : "only tests import the testkit";
  if (area === "testing" && file.path.endsWith(testingEntry)) return null;
  if (packageRule[file.area]?.includes(area) === false) return `${file.area} may not import ${area}`;
  if (area === "server" && file.area === "cli" && kind === "value" && !file.isTest) {
    return "the command line loads the server lazily, with import()";
  }
  return null;
}

function serverViolation(file: SourceFile, { specifier, target }: Import, graph: ImportGraph): string | null {
  if (file.area !== "server" || file.isTest || file.section === "main.ts") return null;
  const folders = serverLibraries[specifier];
  if (folders?.includes(file.section ?? "") === false)
    return `only ${folders.map((name) => `${name}/`).join(" and ")} may`;
  if (file.section === "engine" && target === null && !engineLibraries.includes(specifier)) {
    return "the engine imports the contract and its own ports only";
  }
  const other = target === null ? undefined : graph.get(target);
  const allowed = serverRule[file.section];
  if (other?.area !== "server" || other.section === file.section || allowed === undefined) return null;
  const isOpen = other.section.endsWith(".ts") && other.section !== "main.ts" && file.section !== "engine";
  return isOpen || allowed.includes(other.section) ? null : `${file.section} may not import ${other.section}`;
}

function areaOf(path: string, graph: ImportGraph): string | undefined {
  return graph.get(path)?.area ?? /\/packages\/([^/]+)\//.exec(path)?.[1];
}
