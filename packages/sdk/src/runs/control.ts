import type { IdAnswer } from "@pawl/contract/api/run-control";
import { type ApiPromise, apiPromise } from "../client/api-promise.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { badRequest } from "../errors/bad-request.ts";
import type {
  AnyRunHandle,
  AnyTask,
  TaskOutput,
  TaskPayload,
  TriggerOptions,
  UntypedTask,
} from "../tasks/task-types.ts";
import { writePayload } from "../trigger/payload.ts";
import { isTime, toWireOptions } from "../trigger/trigger-options.ts";
import { readRun } from "./retrieve.ts";
import type { RetrievedRun } from "./run.ts";
import { runIdOf } from "./run-id.ts";

/** A run's id, or its handle. */
export type RunRef = string | { readonly id: string };

/** What a replay has in place of what the run had. */
export interface ReplayOptions<TInput = unknown> extends TriggerOptions {
  /** Default: the payload of the run. */
  readonly payload?: TInput;
}

/** What `runs.reschedule` takes. */
export interface RescheduleOptions {
  /** A duration such as `1h`, an ISO date or a `Date`. */
  readonly delay: string | Date;
}

/**
 * Cancels a run and the runs that it has triggered. One that executes is asked to end, with 30 seconds for its `onCancel`.
 *
 * @param run - its id, or its handle
 * @returns its id, also when it had finished before
 * @throws NotFoundError when there is no such run
 * @example
 * ```ts
 * await runs.cancel(handle);
 * ```
 */
export function cancel(run: RunRef, requestOptions?: RequestOptions): ApiPromise<{ readonly id: string }> {
  return apiPromise(async (send) => {
    const answer = await send({ method: "POST", path: `/api/v2/runs/${pathOf(run)}/cancel`, options: requestOptions });
    return { id: (answer.body as IdAnswer | null)?.id ?? runIdOf(run) }; // the server answers with what the contract says
  });
}

/** `runs.replay`. */
export interface Replay {
  /**
   * Makes a new run of another's payload and options, whatever became of that one.
   *
   * @param run - its handle, or its id with the task's type
   * @param overrides - what the new run has in place of them; `version: "latest"` for the current version
   * @returns the id of the new run
   * @throws NotFoundError when there is no such run
   * @example
   * ```ts
   * const { id } = await runs.replay<typeof hello>("run_…", { payload: { name: "Grace" } });
   * ```
   */
  <THandle extends AnyRunHandle>(
    run: THandle,
    overrides?: ReplayOptions<TaskPayload<THandle>>,
    requestOptions?: RequestOptions,
  ): ApiPromise<{ readonly id: string }>;
  <TTask extends AnyTask = UntypedTask>(
    run: string | { readonly id: string; readonly taskIdentifier?: never },
    overrides?: ReplayOptions<TaskPayload<TTask>>,
    requestOptions?: RequestOptions,
  ): ApiPromise<{ readonly id: string }>;
}

/** Makes a new run of another's payload and options; see {@link Replay}. */
export const replay: Replay = (run: RunRef, overrides?: ReplayOptions, requestOptions?: RequestOptions) =>
  apiPromise(async (send) => {
    const body = overrides === undefined ? undefined : JSON.stringify(await replayBody(runIdOf(run), overrides));
    const path = `/api/v1/runs/${pathOf(run)}/replay`;
    const answer = await send({ method: "POST", path, body, options: requestOptions });
    const id = (answer.body as Partial<IdAnswer> | null)?.id; // checked in the next line
    if (typeof id !== "string") throw unexpectedAnswer(answer, "the id of a run");
    return { id };
  });

async function replayBody(id: string, overrides: ReplayOptions): Promise<Readonly<Record<string, unknown>>> {
  const { payload, ...options } = overrides;
  const { version } = options;
  const subject = `the replay of ${id}`;
  // The version has a rule of its own, which TRIGGER_VERSION does not touch; the rest is as in a trigger.
  const { idempotencyKeyOptions: _source, ...wire } = await toWireOptions(options, { subject, isAwaited: true });
  if (!("payload" in overrides)) return { ...wire, version };
  const { text, type } = writePayload(subject, payload);
  return { ...wire, version, payload: text, payloadType: type };
}

/**
 * Gives a delayed run that has not started another time.
 *
 * @param run - its id, or its handle
 * @param options - `delay`: from now, or until when
 * @returns the run as it stands then
 * @throws UnprocessableEntityError when it is not delayed; NotFoundError when there is no such run; BadRequestError when the
 * delay is no time
 * @example
 * ```ts
 * await runs.reschedule(handle, { delay: "2h" });
 * ```
 */
export function reschedule<TTask extends AnyTask = UntypedTask>(
  run: RunRef,
  options: RescheduleOptions,
  requestOptions?: RequestOptions,
): ApiPromise<RetrievedRun<TaskPayload<TTask>, TaskOutput<TTask>>> {
  return apiPromise(async (send) => {
    if (!isTime(options?.delay)) {
      throw badRequest("delay", "The delay must be a duration such as 1h30m, an ISO date or a valid Date.");
    }
    const path = `/api/v1/runs/${pathOf(run)}/reschedule`;
    const body = JSON.stringify({ delay: options.delay });
    return readRun(await send({ method: "POST", path, body, options: requestOptions }));
  });
}

function pathOf(run: RunRef): string {
  return encodeURIComponent(runIdOf(run));
}
