import type { Delay } from "@pawl/contract/api/trigger";
import type { Claim, ResumedRun } from "./ports.ts";

// What the engine needs of the store for waits and tokens.

/** Waits of runs. */
export interface WaitStore {
  /** Opens waits and makes tokens for code of a run; what a key has already opened is found again. */
  open(environmentId: string, hostId: string, waits: readonly NewWait[]): Promise<readonly OpenedWait[]>;
  /**
   * Suspends runs until the first of the named waits ends, and gives their slots back. A run of which one is over already stays
   * as it is, and is answered with what it came to; so does a run that has opened none of them, with no result. A run that
   * waits already waits for these from now on.
   */
  suspend(environmentId: string, hostId: string, awaiting: readonly Awaiting[]): Promise<SuspendOutcome>;
  /** Makes a token outside of any run. */
  createToken(
    token: NewToken,
  ): Promise<{ readonly id: string; readonly isCached: boolean; readonly nextDueInMs: number | null }>;
  /** Completes a token and resumes who waits for it. */
  completeToken(
    environmentId: string,
    id: string,
    output: { readonly text: string | null; readonly type: string },
  ): Promise<"completed" | "already_completed" | "not_found">;
  retrieveToken(environmentId: string, id: string): Promise<TokenRecord | null>;
  listTokens(environmentId: string, filter: TokenListFilter): Promise<TokenPage>;
  /** What waits of a held run came to, for results too long for control; only those that are over. */
  results(environmentId: string, hostId: string, claim: Claim, waits: readonly string[]): Promise<ResumedRun | null>;
}

/** A wait about to be opened for code of a run. */
export interface NewWait extends Claim {
  /** The key within its run. */
  readonly wait: string;
  readonly opens:
    | { readonly kind: "time"; readonly at: Date; readonly idempotency: WaitIdempotency | null }
    | ({ readonly kind: "token" } & Pick<NewToken, "timeout" | "tags" | "idempotency">)
    | { readonly kind: "join"; readonly waitpointId: string };
}

/** The key under which a wait or a token is found again; unique in its environment. */
export interface WaitIdempotency {
  readonly key: string;
  readonly lifeS: number;
}

/** What became of a {@link NewWait}. */
export type OpenedWait =
  | {
      readonly kind: "opened";
      readonly waitpointId: string;
      /** Whether it was there before, by its key in the run or its idempotency key. */
      readonly isFound: boolean;
      readonly dueAt: Date | null;
      /** How soon that is, by the clock of the database, in milliseconds. */
      readonly dueInMs: number | null;
    }
  | { readonly kind: "lost_claim" }
  | { readonly kind: "no_waitpoint" };

/** A run whose code awaits waits. */
export interface Awaiting extends Claim {
  readonly waits: readonly string[];
}

/** What a suspension did. */
export interface SuspendOutcome {
  /** Runs that go on at once. */
  readonly resumed: readonly ResumedRun[];
  /** Claims that were no longer the host's. */
  readonly lost: readonly Claim[];
  /** Whether a slot came free. */
  readonly hasFreed: boolean;
}

/** A token about to be made outside of a run. */
export interface NewToken {
  readonly environmentId: string;
  readonly timeout: Delay | null;
  readonly tags: readonly string[];
  readonly idempotency: WaitIdempotency | null;
}

/** A token as the API shows it. */
export interface TokenRecord {
  readonly id: string;
  readonly status: "WAITING" | "COMPLETED" | "TIMED_OUT";
  readonly createdAt: Date;
  readonly completedAt: Date | null;
  readonly timeoutAt: Date | null;
  readonly idempotencyKey: string | null;
  readonly idempotencyKeyExpiresAt: Date | null;
  readonly tags: readonly string[];
  readonly output: string | null;
  readonly outputType: string | null;
}

/** Which tokens a list shows. */
export interface TokenListFilter {
  readonly statuses: readonly TokenRecord["status"][] | null;
  readonly idempotencyKey: string | null;
  /** Tokens with any of them. */
  readonly tags: readonly string[] | null;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly cursor: { readonly direction: "after" | "before"; readonly id: string } | null;
  readonly size: number;
}

/** A page of tokens, newest first. */
export interface TokenPage {
  readonly tokens: readonly TokenRecord[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}
