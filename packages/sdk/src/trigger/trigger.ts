import type { TriggerAnswer } from "@pawl/contract/api/trigger";
import { type ApiAnswer, callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { environmentVariable } from "../client/node-modules.ts";
import { ApiSchemaValidationError } from "../errors/api-error.ts";
import type { RunHandle, TriggerOptions } from "../tasks/task-types.ts";
import { callerRun } from "./caller-run.ts";
import { writePayload } from "./payload.ts";

/** One trigger call. */
export interface TriggerCall {
  readonly taskId: string;
  readonly payload: unknown;
  readonly options: TriggerOptions | undefined;
  readonly requestOptions: RequestOptions | undefined;
}

/** A payload and its options in the form of the API, for a single run or a line of a batch. */
export interface WireRun {
  /** Absent for `undefined`. */
  readonly payload: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Writes a payload and trigger options in the form of the API.
 *
 * @param taskId - the task
 * @param payload - its payload
 * @param options - options of the call
 * @returns the parts of the body
 * @throws PayloadError when the payload can't be sent
 * @example
 * ```ts
 * wireRun("t", 1, undefined).options; // { payloadType: "application/super+json" }
 * ```
 */
export function wireRun(taskId: string, payload: unknown, options: TriggerOptions | undefined): WireRun {
  const packet = writePayload(taskId, payload);
  const lockToVersion = options?.version ?? environmentVariable("TRIGGER_VERSION");
  return {
    payload: packet.text,
    options: { payloadType: packet.type, maxAttempts: options?.maxAttempts, tags: options?.tags, lockToVersion },
  };
}

/**
 * Starts a run.
 *
 * @param call - task, payload and options
 * @returns the run's handle, once the run is stored
 * @throws PayloadError, RunContextError, and whatever `callApi` throws
 * @example
 * ```ts
 * await trigger({ taskId: "hello", payload: { name: "Ada" }, options: undefined, requestOptions: undefined });
 * ```
 */
export async function trigger<TId extends string, TInput, TOutput>(
  call: TriggerCall & { readonly taskId: TId },
): Promise<RunHandle<TId, TInput, TOutput>> {
  const { taskId, payload, options, requestOptions } = call;
  const parentRunId = callerRun(`Triggering task ${taskId}`)?.runId;
  const run = wireRun(taskId, payload, options);
  const answer = await callApi({
    method: "POST",
    path: `/api/v1/tasks/${encodeURIComponent(taskId)}/trigger`,
    body: JSON.stringify(parentRunId === undefined ? run : { ...run, options: { ...run.options, parentRunId } }),
    options: requestOptions,
  });
  const body = answer.body as Partial<TriggerAnswer> | null; // checked in the next line
  if (typeof body?.id !== "string") throw unexpectedAnswer(answer, "the id of a run");
  return { id: body.id, taskIdentifier: taskId, isCached: body.isCached === true, ...accessTokenOf(answer) };
}

/**
 * Takes the public access token out of an answer.
 *
 * @param answer - the answer to a trigger call
 * @returns an object with the token; an empty one where the server gave none
 * @example
 * ```ts
 * accessTokenOf({ body: {}, headers: { "x-trigger-jwt": "eyJ…" } }); // { publicAccessToken: "eyJ…" }
 * ```
 */
export function accessTokenOf(answer: ApiAnswer): { readonly publicAccessToken?: string } {
  const token = answer.headers["x-trigger-jwt"];
  return token === undefined ? {} : { publicAccessToken: token };
}

/**
 * Makes the error for a success without what it must contain.
 *
 * @param answer - the answer
 * @param missing - what it lacks
 * @returns the error
 * @example
 * ```ts
 * throw unexpectedAnswer(answer, "the id of a run");
 * ```
 */
export function unexpectedAnswer(answer: ApiAnswer, missing: string): ApiSchemaValidationError {
  const message = `The answer lacks ${missing}. Is TRIGGER_API_URL the URL of a Pawl server?`;
  return new ApiSchemaValidationError(200, { headers: answer.headers, body: answer.body, message });
}
