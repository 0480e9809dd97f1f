import type { BuildExtension, BundlerPlugin, PluginOptions } from "@pawl/contract/build-extension";

export type {
  BuildContext,
  BuildExtension,
  BuildLayer,
  BuildManifest,
  BuildTarget,
  BundlerPlugin,
  PluginOptions,
} from "@pawl/contract/build-extension";

/**
 * Adds a plugin to the bundler that your tasks are bundled with.
 *
 * @param plugin - a plugin of esbuild
 * @param options - `placement`: before or after the plugins that come earlier in the list; default: `last`. `target`: only for
 *   bundles of `pawl dev` and `pawl worker` (`dev`), or only for deployments (`deploy`); default: for all
 * @returns the extension, for `build.extensions`
 * @throws TypeError when it is no plugin
 * @example
 * ```ts
 * import { esbuildPlugin } from "@pawl/build/extensions";
 * import { defineConfig } from "@pawl/sdk";
 *
 * const text = { name: "banner", setup: () => undefined };
 * export default defineConfig({
 *   project: "proj_shop",
 *   build: { extensions: [esbuildPlugin(text, { placement: "last", target: "deploy" })] },
 * });
 * ```
 */
export function esbuildPlugin(plugin: BundlerPlugin, options: PluginOptions = {}): BuildExtension {
  if (typeof plugin?.name !== "string" || typeof plugin.setup !== "function") {
    throw new TypeError("esbuildPlugin takes a plugin of esbuild: an object with a name and a setup function.");
  }
  return { name: plugin.name, onBuildStart: ({ registerPlugin }) => registerPlugin(plugin, options) };
}
