import type { TriggerAnswer } from "@pawl/contract/api/trigger";
import type { TriggerCallAnswer } from "@pawl/contract/worker-protocol";
import { checkTokenLife, type TriggerRequestOptions, withAskedToken } from "../auth/access-token.ts";
import { type ApiAnswer, callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { badRequest } from "../errors/bad-request.ts";
import { sendUnsentMetadata } from "../metadata/unsent-metadata.ts";
import type { ActiveRun } from "../runtime.ts";
import type { RunHandle, TriggerOptions } from "../tasks/task-types.ts";
import { parentRun } from "./caller-run.ts";
import { callAsRun } from "./run-call.ts";
import type { WireTriggerOptions } from "./trigger-options.ts";
import { isShort, type WireRun, wireRun } from "./wire-run.ts";

/** One trigger call. */
export interface TriggerCall {
  readonly taskId: string;
  readonly payload: unknown;
  readonly options: TriggerOptions | undefined;
  readonly requestOptions: TriggerRequestOptions | undefined;
}

/**
 * Starts a run. In a run it goes through the run's host, so that an attempt which has lost its claim makes no more children.
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
  const { requestOptions } = call;
  checkTaskId(call.taskId);
  checkTokenLife(requestOptions);
  const handle = await send<TId, TInput, TOutput>(call);
  return withAskedToken(handle, `read:runs:${handle.id}`, requestOptions);
}

/**
 * Refuses what is no id of a task, before it becomes part of an address.
 *
 * @param taskId - what code without types may have given
 * @throws BadRequestError that says what an id is
 * @example
 * ```ts
 * checkTaskId("mail.send");
 * ```
 */
export function checkTaskId(taskId: unknown): void {
  if (typeof taskId === "string" && taskId !== "") return;
  const given = taskId === "" ? "an empty text" : String(taskId);
  throw badRequest("taskId", `The id of the task to trigger is ${given}: give a text such as "mail.send.welcome".`);
}

async function send<TId extends string, TInput, TOutput>(
  call: TriggerCall & { readonly taskId: TId },
): Promise<RunHandle<TId, TInput, TOutput>> {
  const { taskId, requestOptions } = call;
  const caller = parentRun(`Triggering task ${taskId}`, requestOptions);
  const run = await wireRun(call, { subject: `task ${taskId}`, isAwaited: false });
  if (caller !== null && requestOptions?.clientConfig === undefined && isShort(run)) {
    const sending = sendUnsentMetadata();
    if (sending !== null) await sending;
    const answer = await callAsRun<TriggerCallAnswer>(caller, { kind: "trigger", taskId, ...run });
    const { runId, isCached, publicAccessToken } = answer;
    const token = publicAccessToken === undefined ? {} : { publicAccessToken };
    return { id: runId, taskIdentifier: taskId, isCached, ...token };
  }
  const answer = await postRun(taskId, run, caller === null ? {} : parentOf(caller), requestOptions);
  return { id: answer.id, taskIdentifier: taskId, isCached: answer.isCached, ...accessTokenOf(answer.answer) };
}

/**
 * Names a run as the parent in trigger options, with the fence that proves that its code may still act for it.
 *
 * @param run - the run
 * @returns the options
 * @example
 * ```ts
 * parentOf(run); // { parentRunId: "run_…", parentFence: 3 }
 * ```
 */
export function parentOf(run: ActiveRun): Pick<WireTriggerOptions, "parentRunId" | "parentFence"> {
  return { parentRunId: run.runId, parentFence: run.fence };
}

/**
 * Starts a run over HTTP.
 *
 * @param taskId - the task
 * @param run - payload and options
 * @param more - further options
 * @param requestOptions - settings of the call
 * @returns the run's id, and the whole answer
 * @throws whatever `callApi` throws
 * @example
 * ```ts
 * await postRun("hello", run, {}, undefined);
 * ```
 */
export async function postRun(
  taskId: string,
  run: WireRun,
  more: WireTriggerOptions,
  requestOptions: RequestOptions | undefined,
): Promise<TriggerAnswer & { readonly answer: ApiAnswer }> {
  const sending = more.parentRunId === undefined ? null : sendUnsentMetadata();
  if (sending !== null) await sending;
  const answer = await callApi({
    method: "POST",
    path: `/api/v1/tasks/${encodeURIComponent(taskId)}/trigger`,
    body: JSON.stringify({ ...run, options: { ...run.options, ...more } }),
    options: requestOptions,
  });
  const body = answer.body as Partial<TriggerAnswer> | null; // checked in the next line
  if (typeof body?.id !== "string") throw unexpectedAnswer(answer, "the id of a run");
  return { id: body.id, isCached: body.isCached === true, answer };
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
