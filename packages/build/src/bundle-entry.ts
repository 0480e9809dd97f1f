import { relative, resolve, sep } from "node:path";
import type { Plugin, StdinOptions } from "esbuild";
import type { Project } from "./project.ts";

const fileScheme = "pawl-file:";
const markScheme = "pawl-importing:";
const endMark = "nothing more";

/**
 * The module that a bundle begins with: it imports the configuration and then each task file, and tells the SDK before each
 * which file comes. All imports are static, so that the bundler leaves out what no file uses.
 *
 * @param project - what `loadProject` found
 * @returns the entry, and the plugin that it needs
 */
export function bundleEntry(project: Project): { readonly stdin: StdinOptions; readonly plugin: Plugin } {
  const lines: string[] = [];
  const add = (file: string, binding: string) => {
    const path = relative(project.dir, file).split(sep).join("/");
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
    plugin: entryPlugin(project.dir),
  };
}

function entryPlugin(projectDir: string): Plugin {
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
