import { callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { callerRun } from "../trigger/caller-run.ts";
import {
  hashKey,
  type IdempotencyKey,
  type IdempotencyKeyInput,
  type IdempotencyKeyScope,
  isHash,
} from "./idempotency-key.ts";

/** What `idempotencyKeys.reset` takes beside the key. */
export interface ResetKeyOptions {
  /**
   * The scope that the key was made with; default: `attempt` with an `attemptNumber`, `run` with a `parentRunId`, otherwise
   * `global`, as a plain text is when it is passed to a trigger.
   */
  readonly scope?: IdempotencyKeyScope;
  /** The run that the key was used in, for the scopes `run` and `attempt`; default: the run that calls. */
  readonly parentRunId?: string;
  /** The attempt that the key was used in, for the scope `attempt`; default: the attempt that calls. */
  readonly attemptNumber?: number;
}

/** The calls of {@link idempotencyKeys}. */
export interface IdempotencyKeysApi {
  /**
   * Makes a key that holds in its scope only. Two runs of one task with one key are one run.
   *
   * @param key - a text, or several that are joined
   * @param options - `scope`: `run` (the default) for all attempts of the run that calls, `attempt` for the attempt that
   * calls, `global` for the whole environment; outside of a run all of them mean `global`
   * @returns the key, to be passed as `idempotencyKey`
   * @throws TypeError when the key is empty or has more than 2,048 characters; RunContextError when the context of the run is
   * lost
   * @example
   * ```ts
   * const idempotencyKey = await idempotencyKeys.create(["welcome", user.id]);
   * await mail.trigger({ to: user.mail }, { idempotencyKey, idempotencyKeyTTL: "7d" });
   * ```
   */
  create(key: string | readonly string[], options?: { readonly scope?: IdempotencyKeyScope }): Promise<IdempotencyKey>;
  /**
   * Frees a key: the next trigger with it makes a new run. Runs that exist are not touched.
   *
   * @param taskId - the task that was triggered with it
   * @param key - the key as it was written, or what `create` gave
   * @param options - the scope, and the run and attempt of a key that was used elsewhere
   * @returns the hash of the key
   * @throws NotFoundError when no run of the task has the key; TypeError when the scope needs a run that is not named
   * @example
   * ```ts
   * await idempotencyKeys.reset("mail.send", "welcome", { scope: "run", parentRunId: "run_…" });
   * ```
   */
  reset(
    taskId: string,
    key: IdempotencyKeyInput,
    options?: ResetKeyOptions,
    requestOptions?: RequestOptions,
  ): Promise<{ readonly id: string }>;
}

/**
 * Makes and frees idempotency keys.
 *
 * @example
 * ```ts
 * const idempotencyKey = await idempotencyKeys.create("daily-report", { scope: "global" });
 * await report.trigger({ day }, { idempotencyKey });
 * ```
 */
export const idempotencyKeys: IdempotencyKeysApi = {
  async create(key, options) {
    const scope = options?.scope ?? "run";
    const run = scope === "global" ? null : callerRun("idempotencyKeys.create");
    return (await hashKey({ key, scope, run })).idempotencyKey;
  },
  async reset(taskId, key, options = {}, requestOptions) {
    const hash = typeof key === "string" && isHash(key) ? key : await hashOf(key, options);
    await callApi({
      method: "POST",
      path: `/api/v1/idempotencyKeys/${hash}/reset`,
      body: JSON.stringify({ taskIdentifier: taskId }),
      options: requestOptions,
    });
    return { id: hash };
  },
};

async function hashOf(key: string | readonly string[], options: ResetKeyOptions): Promise<string> {
  const scope = options.scope ?? impliedScope(options);
  if (scope === "global") return (await hashKey({ key, scope, run: null })).idempotencyKey;
  const current =
    options.parentRunId !== undefined && (scope === "run" || options.attemptNumber !== undefined)
      ? null
      : callerRun("idempotencyKeys.reset");
  const runId = options.parentRunId ?? current?.runId;
  const attempt = options.attemptNumber ?? current?.attempt;
  if (runId === undefined)
    throw new TypeError(`To reset a key of scope ${scope} outside of its run, name its parentRunId.`);
  if (scope === "run") return (await hashKey({ key, scope, run: { runId, attempt: 1 } })).idempotencyKey;
  if (attempt === undefined)
    throw new TypeError("To reset a key of scope attempt outside of its run, name its attemptNumber.");
  return (await hashKey({ key, scope, run: { runId, attempt } })).idempotencyKey;
}

function impliedScope({ parentRunId, attemptNumber }: ResetKeyOptions): IdempotencyKeyScope {
  if (attemptNumber !== undefined) return "attempt";
  return parentRunId === undefined ? "global" : "run";
}
