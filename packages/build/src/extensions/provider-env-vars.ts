import { type DescribedExtension, described } from "./described-extension.ts";

/** What {@link syncVercelEnvVars} takes; what is left out is read from the environment of the deployment. */
export interface VercelEnvVarsOptions {
  /** Default: `VERCEL_PROJECT_ID`. */
  readonly projectId?: string;
  /** Default: `VERCEL_ACCESS_TOKEN`. */
  readonly vercelAccessToken?: string;
  /** Default: `VERCEL_TEAM_ID`. */
  readonly vercelTeamId?: string;
  readonly branch?: string;
}

/** What {@link syncNeonEnvVars} takes; what is left out is read from the environment of the deployment. */
export interface NeonEnvVarsOptions {
  /** Default: `NEON_PROJECT_ID`. */
  readonly projectId?: string;
  /** Default: `NEON_ACCESS_TOKEN`. */
  readonly neonAccessToken?: string;
  readonly branch?: string;
  readonly databaseName?: string;
  readonly roleName?: string;
  readonly envVarPrefix?: string;
}

/** What {@link syncSupabaseEnvVars} takes; what is left out is read from the environment of the deployment. */
export interface SupabaseEnvVarsOptions {
  /** Default: `SUPABASE_PROJECT_ID`. */
  readonly projectId?: string;
  /** Default: `SUPABASE_ACCESS_TOKEN`. */
  readonly supabaseAccessToken?: string;
  readonly branch?: string;
  readonly envVarPrefix?: string;
}

/**
 * The environment variables of a project at Vercel, brought into the environment before each deployment. It acts from deployments on.
 *
 * @param options - which project
 * @returns the extension
 * @example
 * ```ts
 * syncVercelEnvVars({ projectId: "prj_shop" });
 * ```
 */
export function syncVercelEnvVars(options: VercelEnvVarsOptions = {}): DescribedExtension<VercelEnvVarsOptions> {
  return described("syncVercelEnvVars", options);
}

/**
 * The addresses of a database at Neon, brought into the environment before each deployment. It acts from deployments on.
 *
 * @param options - which database
 * @returns the extension
 * @example
 * ```ts
 * syncNeonEnvVars({ projectId: "shop", databaseName: "orders" });
 * ```
 */
export function syncNeonEnvVars(options: NeonEnvVarsOptions = {}): DescribedExtension<NeonEnvVarsOptions> {
  return described("syncNeonEnvVars", options);
}

/**
 * The addresses and keys of a project at Supabase, brought into the environment before each deployment. It acts from deployments on.
 *
 * @param options - which project
 * @returns the extension
 * @example
 * ```ts
 * syncSupabaseEnvVars({ projectId: "shop" });
 * ```
 */
export function syncSupabaseEnvVars(options: SupabaseEnvVarsOptions = {}): DescribedExtension<SupabaseEnvVarsOptions> {
  return described("syncSupabaseEnvVars", options);
}
