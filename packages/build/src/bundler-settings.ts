import type { BuildOptions } from "esbuild";
import type { BundleAdditions } from "./build-extensions.ts";
import type { ProjectConfig } from "./config-file.ts";
import { externalPackages } from "./external-packages.ts";
import { packageAlias } from "./package-alias.ts";

/**
 * CommonJS code in the bundle expects these names. They are `var`s, since a user's module may declare them as well; it
 * gives them the same values.
 */
const banner = [
  `import { createRequire as __pawlCreateRequire } from "node:module";`,
  `import { fileURLToPath as __pawlFileURLToPath } from "node:url";`,
  `var require = __pawlCreateRequire(import.meta.url);`,
  `var __filename = __pawlFileURLToPath(import.meta.url);`,
  `var __dirname = __pawlFileURLToPath(new URL(".", import.meta.url)).slice(0, -1);`,
].join("\n");

// Pawl's own packages are read from their sources where this one is.
const ownConditions = import.meta.url.endsWith(".ts") ? ["@pawl/source"] : [];

/**
 * The bundler's settings that the configuration file and the tasks have in common: one module for Node with everything in
 * it but native packages. Nothing is written to disk.
 *
 * @param projectDir - absolute path of the project
 * @param config - the project's configuration, as far as it is known
 * @param additions - what its extensions add
 * @returns settings to add an entry and an output to
 */
export function bundlerSettings(
  projectDir: string,
  config: ProjectConfig,
  additions: Pick<BundleAdditions, "external" | "conditions"> = { external: [], conditions: [] },
) {
  const { build = {} } = config;
  return {
    absWorkingDir: projectDir,
    bundle: true,
    write: false,
    metafile: true,
    logLevel: "silent",
    format: "esm",
    platform: "node",
    target: "node22",
    sourcesContent: false,
    keepNames: build.keepNames ?? true,
    minify: build.minify ?? false,
    jsx: build.jsx?.automatic === false ? "transform" : "automatic",
    ...(build.jsx?.factory === undefined ? {} : { jsxFactory: build.jsx.factory }),
    ...(build.jsx?.fragment === undefined ? {} : { jsxFragment: build.jsx.fragment }),
    ...(config.tsconfig === undefined ? {} : { tsconfig: config.tsconfig }),
    conditions: [
      ...ownConditions,
      "trigger.dev",
      "module",
      "node",
      ...(build.conditions ?? []),
      ...additions.conditions,
    ],
    loader: { ".node": "copy" },
    banner: { js: banner },
    plugins: [
      packageAlias(projectDir),
      externalPackages({
        projectDir,
        external: [...(build.external ?? []), ...additions.external],
        isNativeDetected: build.autoDetectExternal ?? true,
      }),
    ],
  } as const satisfies BuildOptions;
}
