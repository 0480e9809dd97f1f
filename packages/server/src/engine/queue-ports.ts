// What the engine needs of the store for queues.

import type { RateLimitItems } from "@pawl/contract/api/queues";

/** A queue as the API shows it, with live counts. */
export interface QueueRecord {
  readonly id: string;
  readonly name: string;
  readonly queued: number;
  readonly running: number;
  readonly isPaused: boolean;
  /** For each concurrency key, as declared; null: no limit. */
  readonly limit: number | null;
  readonly limitOverride: number | null;
  readonly overriddenAt: Date | null;
  /** For all keys together. */
  readonly combinedLimit: number | null;
  readonly rates: QueueRates;
}

/** How many runs of a queue may start in a time. */
export interface QueueRates {
  readonly declared: RateLimitItems;
  readonly override: RateOverride | null;
  readonly overriddenAt: Date | null;
}

/** Rates in place of those that the code declares; null lifts one, and one that is left out stays as declared. */
export type RateOverride = Partial<RateLimitItems>;

/** Queues and environments, and what an operator changes about them. */
export interface QueueStore {
  list(
    environmentId: string,
    page: { readonly offset: number; readonly size: number },
  ): Promise<{ readonly queues: readonly QueueRecord[]; readonly count: number }>;
  /** By its id (a UUID) or its name; null when there is none. */
  retrieve(
    environmentId: string,
    queue: { readonly id: string } | { readonly name: string },
  ): Promise<QueueRecord | null>;
  /** The rest answer false when there is no such queue. They take the environment's lock. */
  setPaused(environmentId: string, name: string, isPaused: boolean): Promise<boolean>;
  overrideLimit(environmentId: string, name: string, limit: number | null): Promise<boolean>;
  /** Null: as the code declares them. */
  overrideRates(environmentId: string, name: string, rates: RateOverride | null): Promise<boolean>;
  setEnvironmentPaused(environmentId: string, isPaused: boolean): Promise<void>;
  setEnvironmentLimit(environmentId: string, limit: number): Promise<void>;
}
