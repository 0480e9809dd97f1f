import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin, PluginBuild, ResolveResult } from "esbuild";

const aliased = /^@(?:trigger\.dev|pawl)\/(?:sdk|build)(?:\/.*)?$|^@(?:trigger\.dev|pawl)\/python\/extension$/;
const ownDir = dirname(fileURLToPath(import.meta.url));
const resolvingByName = Symbol("resolving a package of Pawl by its own name");

/**
 * Makes every name under which code may import the SDK mean one and the same copy of Pawl's: `@trigger.dev/sdk`,
 * `@trigger.dev/sdk/v3` and `@pawl/sdk`; and the names of build extensions, `@trigger.dev/build/…` and `@trigger.dev/python/extension`,
 * Pawl's own. The project's copy is taken; where it has none, the one beside this package.
 *
 * @param projectDir - absolute path of the project
 * @returns a plugin for the bundler
 */
export function packageAlias(projectDir: string): Plugin {
  return {
    name: "pawl-packages",
    setup(build) {
      build.onResolve({ filter: aliased }, async (args) => {
        if (args.pluginData === resolvingByName) return undefined;
        const name = ownName(args.path);
        const fromProject = await resolveByName(build, name, projectDir);
        const resolved = fromProject.errors.length === 0 ? fromProject : await resolveByName(build, name, ownDir);
        if (resolved.errors.length > 0) return { errors: [{ text: `Pawl does not have "${args.path}"` }] };
        return { path: resolved.path, sideEffects: resolved.sideEffects };
      });
    },
  };
}

function ownName(path: string): string {
  const name = path.replace(/^@trigger\.dev\//, "@pawl/");
  if (name === "@pawl/python/extension") return "@pawl/build/extensions/python";
  // In the original the package's own name means the same; here it has the bundler itself, too.
  if (path === "@trigger.dev/build") return "@pawl/build/extensions";
  return name.replace(/^@pawl\/sdk\/v3$/, "@pawl/sdk");
}

function resolveByName(build: PluginBuild, name: string, resolveDir: string): Promise<ResolveResult> {
  // Always as an import, so that CommonJS code gets the same file and with it the same module.
  return build.resolve(name, { kind: "import-statement", resolveDir, pluginData: resolvingByName });
}
