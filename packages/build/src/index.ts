export { type Bundle, bundleProject } from "./bundle.ts";
export type { ProjectConfig } from "./config-file.ts";
export { loadProject, type Project } from "./project.ts";
export { ProjectError } from "./project-error.ts";
export { type ProjectWatcher, type WatchOptions, watchProject } from "./watch.ts";
