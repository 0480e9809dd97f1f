import { type IdempotencyKeyInput, toWireKey } from "../idempotency/idempotency-key.ts";
import type { ActiveRun } from "../runtime.ts";
import { checkKeyLife } from "../trigger/trigger-options.ts";

/** A key under which a wait is found again. */
export interface WaitKeyOptions {
  /** A wait with this key that is over is skipped. Plain text holds within the run that calls, in all its attempts. */
  readonly idempotencyKey?: IdempotencyKeyInput;
  /** How long the key is kept, such as `1h`; default: 30 days. */
  readonly idempotencyKeyTTL?: string;
}

/** The key of a wait in the form of the API. */
export interface WireWaitKey {
  readonly idempotencyKey?: string;
  readonly idempotencyKeyTTL?: string;
}

/**
 * Brings the key of a wait into the form of the API.
 *
 * @param callName - the call, for messages
 * @param options - the options of the call
 * @param run - the run that waits; null in a backend, where plain text stays as it is
 * @returns the key; an empty object without one
 * @throws TypeError when the key can't be right, BadRequestError when its time can't
 * @example
 * ```ts
 * await wireWaitKey("wait.for", { idempotencyKey: "nap" }, run);
 * ```
 */
export async function wireWaitKey(
  callName: string,
  options: WaitKeyOptions,
  run: ActiveRun | null,
): Promise<WireWaitKey> {
  const { idempotencyKey: key, idempotencyKeyTTL } = options;
  checkKeyLife(idempotencyKeyTTL, callName);
  if (key === undefined) return {};
  const idempotencyKey =
    run === null && typeof key === "string" ? key : (await toWireKey(key, { scope: "run", run })).idempotencyKey;
  return idempotencyKeyTTL === undefined ? { idempotencyKey } : { idempotencyKey, idempotencyKeyTTL };
}
