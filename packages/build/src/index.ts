export { type Bundle, bundleProject } from "./bundle.ts";
export type { ProjectConfig } from "./config-file.ts";
export {
  type BuildContext,
  type BuildExtension,
  type BuildLayer,
  type BuildManifest,
  type BuildTarget,
  type BundlerPlugin,
  esbuildPlugin,
  type PluginOptions,
} from "./extensions/index.ts";
export { loadProject, type Project } from "./project.ts";
export { ProjectError } from "./project-error.ts";
export { type ProjectWatcher, type WatchOptions, watchProject } from "./watch.ts";
