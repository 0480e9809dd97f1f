import type { PartialRetryPolicy } from "@pawl/contract/retry";

/** The part of a project's configuration that counts here; a bundle exports it as `config`. */
export interface BundleConfig {
  readonly retries?: { readonly enabledInDev?: boolean; readonly default?: PartialRetryPolicy };
  readonly maxDuration?: number;
  readonly machine?: string;
  readonly ttl?: string | number;
  readonly processKeepAlive?: boolean | { readonly enabled?: boolean };
}

/** Finds the configuration in the namespace of a bundle's module; without one, all its fields are absent. */
export function configOf(bundle: unknown): BundleConfig {
  if (typeof bundle !== "object" || bundle === null || !("config" in bundle)) return {};
  const { config } = bundle;
  return typeof config === "object" && config !== null ? config : {}; // every field is optional, and validated by the host
}
