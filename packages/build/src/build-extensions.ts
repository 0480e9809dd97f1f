import { createRequire } from "node:module";
import { join } from "node:path";
import type {
  BuildContext,
  BuildExtension,
  BuildManifest,
  BuildTarget,
  BundlerPlugin,
} from "@pawl/contract/build-extension";
import type { Plugin } from "esbuild";
import type { Project } from "./project.ts";
import { ProjectError } from "./project-error.ts";

/** What the extensions of a project add to one bundle. */
export interface BundleAdditions {
  readonly plugins: readonly Plugin[];
  readonly external: readonly string[];
  readonly conditions: readonly string[];
  /** Tells the extensions that the bundle is there. */
  completed(bundle: Omit<BuildManifest, "target">): Promise<void>;
}

/**
 * Asks the extensions of a project, in their order, what they add to a bundle.
 *
 * @param project - the project
 * @param target - what the bundle is for
 * @returns what they add
 * @throws ProjectError that names the extension which failed
 */
export async function startExtensions(project: Project, target: BuildTarget): Promise<BundleAdditions> {
  const extensions = project.config.build?.extensions ?? [];
  const plugins: Plugin[] = [];
  const external: string[] = [];
  const conditions: string[] = [];
  const context: BuildContext = {
    target,
    config: project.config,
    workingDir: project.dir,
    logger,
    addLayer: (layer) => conditions.push(...(layer.conditions ?? [])),
    registerPlugin(plugin, options = {}) {
      if (options.target !== undefined && options.target !== target) return;
      if (options.placement === "first") plugins.unshift(ofThisVersion(plugin));
      else plugins.push(ofThisVersion(plugin));
    },
    resolvePath: async (path) => resolveFrom(project.dir, path),
  };
  await each(extensions, async (extension) => {
    external.push(...((await extension.externalsForTarget?.(target)) ?? []));
    await extension.onBuildStart?.(context);
  });
  return {
    plugins,
    external,
    conditions,
    completed: (bundle) =>
      each(extensions, async (extension) => {
        await extension.onBuildComplete?.(context, { target, ...bundle });
      }),
  };
}

async function each(
  extensions: readonly BuildExtension[],
  call: (extension: BuildExtension) => Promise<void>,
): Promise<void> {
  for (const extension of extensions) {
    try {
      await call(extension);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const advice = 'Correct it, or take it out of "build.extensions" in the configuration.';
      throw new ProjectError(`The build extension ${extension.name} failed: ${message}. ${advice}`, { cause: error });
    }
  }
}

// A plugin is written against esbuild's interface, which is the same in every version that is about.
function ofThisVersion(plugin: BundlerPlugin): Plugin {
  return plugin as unknown as Plugin;
}

function resolveFrom(dir: string, path: string): string | undefined {
  try {
    return createRequire(join(dir, "package.json")).resolve(path);
  } catch {
    return undefined;
  }
}

// The standard output belongs to the command that makes the bundle.
const logger: BuildContext["logger"] = {
  debug: () => undefined,
  log: (...values) => console.error(...values),
  warn: (...values) => console.error(...values),
};
