import type { BuildExtension } from "@pawl/contract/build-extension";
import type { PartialRetryPolicy } from "@pawl/contract/retry";
import type { HookParams } from "./hooks/hook-types.ts";
import type { MachinePreset } from "./tasks/task-types.ts";

/** How the task folder is bundled. */
export interface BuildSettings {
  /** Packages that stay outside the bundle and are loaded from `node_modules`. */
  readonly external?: readonly string[];
  /** Whether packages with native code are left outside by themselves; default: true. */
  readonly autoDetectExternal?: boolean;
  /** Whether functions and classes keep their names; default: true. */
  readonly keepNames?: boolean;
  /** Default: false. */
  readonly minify?: boolean;
  readonly jsx?: { readonly factory?: string; readonly fragment?: string; readonly automatic?: boolean };
  /** Further export conditions to resolve packages by. */
  readonly conditions?: readonly string[];
  /** What takes part in making bundles, such as those of `@pawl/build/extensions/core`. */
  readonly extensions?: readonly BuildExtension[];
}

/** What `trigger.config.ts` may say. */
export interface PawlConfig {
  /** The project's reference, such as `proj_shop`. */
  readonly project: string;
  /** Task folders, relative to the config; default: every folder named `trigger`. */
  readonly dirs?: readonly string[];
  /** Files of the task folders to leave out; default: tests. */
  readonly ignorePatterns?: readonly string[];
  /** Kept, and acts from deployments on; until then tasks run on the Node that `pawl` runs on. */
  readonly runtime?: "node" | "node-22" | "node-24" | "node-26" | "bun";
  /** Default: the nearest `tsconfig.json`. */
  readonly tsconfig?: string;
  /** `default` is the policy under the tasks' own; `enabledInDev: false` makes one attempt of every run in development. */
  readonly retries?: { readonly enabledInDev?: boolean; readonly default?: PartialRetryPolicy };
  /** Kept with the version, and not enforced yet; default: `small-1x`. */
  readonly machine?: MachinePreset;
  /** The longest an attempt may execute, in seconds; default: no limit. */
  readonly maxDuration?: number;
  /** How long a run may be queued before it expires, as in `10m` or in seconds; default: for ever. */
  readonly ttl?: string | number;
  /** What `logger` keeps: lines of this level and above; default: all. */
  readonly logLevel?: "none" | "error" | "warn" | "info" | "log" | "debug" | "trace";
  /** Kept, and acts from deployments on; until then `console` of tasks is shown. */
  readonly enableConsoleLogging?: boolean;
  /** Kept, and acts from deployments on; until then `console` of tasks is logged. */
  readonly disableConsoleInterceptor?: boolean;
  /** Whether a process serves one run after another, and holds runs that wait; default: false, a process for each run. */
  readonly processKeepAlive?:
    | boolean
    | { readonly enabled: boolean; readonly maxExecutionsPerProcess?: number; readonly devMaxPoolSize?: number };
  /** As `tasks.onStart`; called before the hooks that task files register. */
  readonly onStart?: (params: HookParams<"onStart">) => unknown;
  /** As `tasks.onSuccess`. */
  readonly onSuccess?: (params: HookParams<"onSuccess">) => unknown;
  /** As `tasks.onFailure`. */
  readonly onFailure?: (params: HookParams<"onFailure">) => unknown;
  /** Called before each attempt of every task; what it returns is `init` of hooks and `run`, unless the task has an `init` of its own. */
  readonly init?: (params: HookParams<"init">) => unknown;
  readonly build?: BuildSettings;
  /** Kept, and acts from deployments on: environment variables. */
  readonly deploy?: { readonly env?: Readonly<Record<string, string>> };
}

/**
 * Gives a configuration its type; the default export of `trigger.config.ts`.
 *
 * @param config - the configuration
 * @returns the same object
 * @example
 * ```ts
 * export default defineConfig({ project: "proj_movies", dirs: ["./trigger"], processKeepAlive: true });
 * ```
 */
export function defineConfig(config: PawlConfig): PawlConfig {
  return config;
}
