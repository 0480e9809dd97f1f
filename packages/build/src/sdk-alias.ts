import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin, PluginBuild, ResolveResult } from "esbuild";

const sdkNames = /^@(?:trigger\.dev|pawl)\/sdk(?:\/.*)?$/;
const ownDir = dirname(fileURLToPath(import.meta.url));
const resolvingByName = Symbol("resolving the SDK by its own name");

/**
 * Makes every name under which code may import the SDK mean one and the same copy of Pawl's: `@trigger.dev/sdk`,
 * `@trigger.dev/sdk/v3` and `@pawl/sdk`. The project's copy is taken; where it has none, the one beside this package.
 *
 * @param projectDir - absolute path of the project
 * @returns a plugin for the bundler
 */
export function sdkAlias(projectDir: string): Plugin {
  return {
    name: "pawl-sdk",
    setup(build) {
      build.onResolve({ filter: sdkNames }, async (args) => {
        if (args.pluginData === resolvingByName) return undefined;
        const subpath = args.path.replace(/^@[^/]+\/sdk/, "").replace(/^\/v3$/, "");
        const name = `@pawl/sdk${subpath}`;
        const fromProject = await resolveByName(build, name, projectDir);
        const resolved = fromProject.errors.length === 0 ? fromProject : await resolveByName(build, name, ownDir);
        return { path: resolved.path, errors: resolved.errors, sideEffects: resolved.sideEffects };
      });
    },
  };
}

function resolveByName(build: PluginBuild, name: string, resolveDir: string): Promise<ResolveResult> {
  // Always as an import, so that CommonJS code gets the same file and with it the same module.
  return build.resolve(name, { kind: "import-statement", resolveDir, pluginData: resolvingByName });
}
