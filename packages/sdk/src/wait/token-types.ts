import type { TokenItem } from "@pawl/contract/api/waitpoints";
import type { WaitpointTimeoutError } from "../errors/wait-error.ts";
import type { WaitKeyOptions } from "./wait-options.ts";

/** What `wait.createToken` takes. */
export interface CreateTokenOptions extends WaitKeyOptions {
  /** How long it can be completed, such as `10m`, or until when; default: for ever. */
  readonly timeout?: string | Date;
  /** At most ten, each of 1 to 128 characters. */
  readonly tags?: string | readonly string[];
}

/** A token that runs can wait for, and anybody can complete. */
export interface WaitpointToken {
  /** `waitpoint_…` */
  readonly id: string;
  /** Where an HTTP POST completes it; its JSON body is the output. Who knows the address needs no other key. */
  readonly url: string;
  /** Whether an earlier call with the same idempotency key made it. */
  readonly isCached: boolean;
  /** A token for browsers that may complete it; absent where the server gives none. */
  readonly publicAccessToken?: string;
}

/** What waiting for a token came to. */
export type WaitpointTokenResult<TOutput> =
  | { readonly ok: true; readonly output: TOutput }
  | { readonly ok: false; readonly error: WaitpointTimeoutError };

/** Where a token stands. */
export type WaitpointTokenStatus = TokenItem["status"];

type TimeField = "createdAt" | "completedAt" | "timeoutAt" | "idempotencyKeyExpiresAt";

/** A token as `wait.listTokens` gives it. Fields that do not apply are absent. */
export type ListedToken = {
  readonly [Key in keyof TokenItem]: Key extends TimeField
    ? undefined extends TokenItem[Key]
      ? Date | undefined
      : Date
    : TokenItem[Key];
};

/** A token as `wait.retrieveToken` gives it. */
export type RetrievedToken<TOutput = unknown> = ListedToken & {
  /** What it was completed with. */
  readonly output?: TOutput;
  /** Present when nobody completed it in time. */
  readonly error?: WaitpointTimeoutError;
};

/** Which tokens to list. Of several values in one field any may match; the fields must all match. */
export interface ListTokensOptions {
  /** Tokens on a page, 1 to 100; default: 25. */
  readonly limit?: number;
  /** A cursor of an earlier page. */
  readonly after?: string;
  readonly before?: string;
  readonly status?: WaitpointTokenStatus | readonly WaitpointTokenStatus[];
  readonly idempotencyKey?: string;
  readonly tags?: string | readonly string[];
  /** Made at or after this time; a number counts milliseconds since 1970. */
  readonly from?: Date | number;
  /** Made before or at this time. */
  readonly to?: Date | number;
  /** Made in the last such time, as in `7d`. */
  readonly period?: string;
}
