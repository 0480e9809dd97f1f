import type { PartialRetryPolicy } from "@pawl/contract/retry";
import { runtime } from "@pawl/sdk/runtime";

/** The part of a project's configuration that counts here; a bundle exports it as `config`. */
export interface BundleConfig {
  readonly retries?: { readonly enabledInDev?: boolean; readonly default?: PartialRetryPolicy };
  readonly maxDuration?: number;
  readonly machine?: string;
  readonly ttl?: string | number;
  readonly logLevel?: string;
  readonly processKeepAlive?: boolean | { readonly enabled?: boolean };
  readonly onStart?: unknown;
  readonly onSuccess?: unknown;
  readonly onFailure?: unknown;
  readonly init?: unknown;
}

/** The hooks that a configuration may have. */
const configHooks = ["init", "onStart", "onSuccess", "onFailure"] as const;

/**
 * Registers the hooks of a configuration for every task, before those that its files have registered.
 *
 * @param config - the bundle's configuration
 */
export function registerConfigHooks(config: BundleConfig): void {
  const found = configHooks.flatMap((name) => {
    const hook = config[name];
    // What is a function is called as the hook of its name.
    return typeof hook === "function" ? [{ name, hook: hook as (params: never) => unknown }] : [];
  });
  runtime().globalHooks.unshift(...found);
}

/** Finds the configuration in the namespace of a bundle's module; without one, all its fields are absent. */
export function configOf(bundle: unknown): BundleConfig {
  if (typeof bundle !== "object" || bundle === null || !("config" in bundle)) return {};
  const { config } = bundle;
  return typeof config === "object" && config !== null ? config : {}; // every field is optional, and validated by the host
}
