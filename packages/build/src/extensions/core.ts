import { checkTexts, type DescribedExtension, described } from "./described-extension.ts";

export {
  type NeonEnvVarsOptions,
  type SupabaseEnvVarsOptions,
  syncNeonEnvVars,
  syncSupabaseEnvVars,
  syncVercelEnvVars,
  type VercelEnvVarsOptions,
} from "./provider-env-vars.ts";

/**
 * Files that tasks read, to go along with their bundle. In development a run's working directory is the project's folder, so
 * they are there anyway; it acts from deployments on.
 *
 * @param options - `files`: globs, relative to the project
 * @returns the extension
 * @throws TypeError without a list of globs
 * @example
 * ```ts
 * additionalFiles({ files: ["prompts/**"] });
 * ```
 */
export function additionalFiles(options: { readonly files: readonly string[] }): DescribedExtension<typeof options> {
  checkTexts("The option files of additionalFiles", options?.files);
  return described("additionalFiles", options);
}

/**
 * Packages that tasks start as programs, and therefore do not import. It acts from deployments on.
 *
 * @param options - `packages`: names, with a version or without: `wrangler`, `wrangler@4.1.0`
 * @returns the extension
 * @throws TypeError without a list of names
 * @example
 * ```ts
 * additionalPackages({ packages: ["wrangler"] });
 * ```
 */
export function additionalPackages(options: {
  readonly packages: readonly string[];
}): DescribedExtension<typeof options> {
  checkTexts("The option packages of additionalPackages", options?.packages);
  return described("additionalPackages", options);
}

/**
 * Packages of Debian that tasks need. It acts from deployments on; on your own machine they have to be there.
 *
 * @param options - `packages`: names, with a version or without: `curl`, `ffmpeg=7:5.1`
 * @returns the extension
 * @throws TypeError without a list of names
 * @example
 * ```ts
 * aptGet({ packages: ["curl"] });
 * ```
 */
export function aptGet(options: { readonly packages: readonly string[] }): DescribedExtension<typeof options> {
  checkTexts("The option packages of aptGet", options?.packages);
  return described("aptGet", options);
}

/**
 * The program ffmpeg, with `FFMPEG_PATH` and `FFPROBE_PATH` set. It acts from deployments on; on your own machine the ffmpeg that
 * is there is used.
 *
 * @param options - `version`: such as `7`; default: that of Debian
 * @returns the extension
 * @example
 * ```ts
 * ffmpeg({ version: "7" });
 * ```
 */
export function ffmpeg(options: { readonly version?: string } = {}): DescribedExtension<typeof options> {
  return described("ffmpeg", options);
}

/** What a callback of {@link syncEnvVars} is told. */
export interface SyncEnvVarsContext {
  readonly projectRef: string;
  /** The environment's slug. */
  readonly environment: string;
  readonly branch?: string;
  /** The variables that the environment has. */
  readonly env: Readonly<Record<string, string>>;
}

/** Variables by their names, or one by one with what else is known of them. */
export type SyncedEnvVars =
  | Readonly<Record<string, string>>
  | readonly { readonly name: string; readonly value: string; readonly isSecret?: boolean }[];

/**
 * Environment variables from elsewhere, brought into the environment before each deployment. It acts from deployments on.
 *
 * @param read - gives the variables
 * @param options - `override`: whether variables that are there are changed; default: true
 * @returns the extension
 * @throws TypeError when `read` is no function
 * @example
 * ```ts
 * syncEnvVars(async ({ environment }) => ({ STAGE: environment }));
 * ```
 */
export function syncEnvVars(
  read: (context: SyncEnvVarsContext) => SyncedEnvVars | undefined | Promise<SyncedEnvVars | undefined>,
  options: { readonly override?: boolean } = {},
): DescribedExtension<{ readonly read: typeof read; readonly override: boolean }> {
  if (typeof read !== "function") throw new TypeError("syncEnvVars takes a function that gives the variables.");
  return described("syncEnvVars", { read, override: options.override ?? true });
}
