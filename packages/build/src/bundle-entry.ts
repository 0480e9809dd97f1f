import { readFile } from "node:fs/promises";
import { extname, relative, resolve, sep } from "node:path";
import type { Loader, Plugin, StdinOptions } from "esbuild";
import { withoutBuild } from "./config-source.ts";
import type { Project } from "./project.ts";

const fileScheme = "pawl-file:";
const markScheme = "pawl-importing:";
const bodyScheme = "pawl-body:";
const endMark = "nothing more";

/**
 * The module that a bundle begins with: it imports the configuration and then each task file, and tells the SDK before each
 * which file comes. A task file that another one imports tells it by itself, around its own body. All imports are static, so
 * that the bundler leaves out what no file uses.
 *
 * @param project - what `loadProject` found
 * @returns the entry, and the plugin that it needs
 */
export function bundleEntry(project: Project): { readonly stdin: StdinOptions; readonly plugin: Plugin } {
  const lines: string[] = [];
  const add = (file: string, binding: string) => {
    const path = nameOf(project.dir, file);
    lines.push(
      `import ${JSON.stringify(markScheme + path)};`,
      `import ${binding}${JSON.stringify(fileScheme + path)};`,
    );
  };
  if (project.configPath === null) lines.push("const settings = {};");
  else add(project.configPath, "* as settings from ");
  for (const file of project.taskFiles) add(file, "");
  lines.push(
    `import ${JSON.stringify(markScheme + endMark)};`,
    "export const config = settings.default ?? settings.config ?? {};",
  );
  return {
    stdin: { contents: lines.join("\n"), resolveDir: project.dir, sourcefile: "pawl-entry.mjs", loader: "js" },
    plugin: entryPlugin(project),
  };
}

function entryPlugin({ dir: projectDir, configPath, taskDirs, taskFiles }: Project): Plugin {
  const known = new Set(taskFiles);
  return {
    name: "pawl-entry",
    setup(build) {
      // A task file is imported for what it does, even where the project's package.json says that its files do nothing.
      build.onResolve({ filter: new RegExp(`^${fileScheme}`) }, ({ path }) => ({
        path: resolve(projectDir, path.slice(fileScheme.length)),
        sideEffects: true,
      }));
      build.onResolve({ filter: new RegExp(`^${markScheme}`) }, ({ path }) => ({
        path: path.slice(markScheme.length),
        namespace: "pawl-importing",
      }));
      build.onLoad({ filter: /[\\/]trigger\.config\.\w+$/ }, async ({ path }) => {
        const loader = loaders[extname(path)];
        if (path !== configPath || loader === undefined) return undefined;
        return { contents: await withoutBuild(path, await readFile(path, "utf8")), loader };
      });
      build.onLoad({ filter: new RegExp(`^(?:${taskDirs.map(escaped).join("|")})`) }, async ({ path }) => {
        const loader = loaders[extname(path)];
        if (loader === undefined || !known.has(path)) return undefined;
        const source = await readFile(path, "utf8");
        return isModule(source) ? { contents: source + bodyMark(nameOf(projectDir, path)), loader } : undefined;
      });
      build.onResolve({ filter: new RegExp(`^${bodyScheme}`) }, ({ path }) => ({
        path: path.slice(bodyScheme.length),
        namespace: "pawl-body",
      }));
      build.onLoad({ filter: /.*/, namespace: "pawl-body" }, ({ path }) => ({
        contents:
          'import { runtime } from "@pawl/sdk/runtime";\n' +
          "const importer = runtime().currentFile;\n" +
          `runtime().currentFile = ${JSON.stringify(path)};\n` +
          "export const leave = () => { runtime().currentFile = importer; };",
        resolveDir: projectDir,
        loader: "js",
      }));
      build.onLoad({ filter: /.*/, namespace: "pawl-importing" }, ({ path }) => ({
        contents:
          'import { runtime } from "@pawl/sdk/runtime";\n' +
          `runtime().currentFile = ${path === endMark ? "null" : JSON.stringify(path)};`,
        resolveDir: projectDir,
        loader: "js",
      }));
    },
  };
}

const loaders: Readonly<Record<string, Loader>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".jsx": "jsx",
};

/** Whether a further import leaves the file what it is; where that is not plain, the file stays as it is written. */
function isModule(source: string): boolean {
  return /^(?:import|export)\b(?!\s*=)/m.test(source) && !/\brequire\b|\bexports\b/.test(source);
}

/** Follows the source, whose lines stay where they are: the last import comes right before the body, the call after it. */
function bodyMark(path: string): string {
  return `\nimport { leave as __pawlLeave } from ${JSON.stringify(bodyScheme + path)};\n__pawlLeave();\n`;
}

function nameOf(projectDir: string, file: string): string {
  return relative(projectDir, file).split(sep).join("/");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
