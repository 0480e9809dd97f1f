import { type ApiPromise, apiPromise } from "../client/api-promise.ts";
import type { ApiAnswer } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { withDates } from "../client/dates.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import type { AnyRunHandle, AnyTask, TaskOutput, TaskPayload, UntypedTask } from "../tasks/task-types.ts";
import { type RetrievedRun, runTimeFields } from "./run.ts";
import { runIdOf } from "./run-id.ts";

/** `runs.retrieve`. */
export interface Retrieve {
  /**
   * Gets a run as it stands now.
   *
   * @param run - its handle, or its id with the task's type: `runs.retrieve<typeof hello>("run_…")`
   * @returns the run; its `output` has the type of the task's
   * @throws NotFoundError when there is no such run in the key's environment
   * @example
   * ```ts
   * const run = await runs.retrieve(await hello.trigger({ name: "Ada" }));
   * if (run.isSuccess) console.log(run.output);
   * ```
   */
  <THandle extends AnyRunHandle>(
    run: THandle,
    requestOptions?: RequestOptions,
  ): ApiPromise<RetrievedRun<TaskPayload<THandle>, TaskOutput<THandle>>>;
  <TTask extends AnyTask = UntypedTask>(
    run: string | { readonly id: string },
    requestOptions?: RequestOptions,
  ): ApiPromise<RetrievedRun<TaskPayload<TTask>, TaskOutput<TTask>>>;
}

/** Gets a run as it stands now; see {@link Retrieve}. */
export const retrieve: Retrieve = (run: string | { readonly id: string }, requestOptions?: RequestOptions) =>
  apiPromise(async (send) => {
    const path = `/api/v3/runs/${encodeURIComponent(runIdOf(run))}`;
    return readRun(await send({ method: "GET", path, options: requestOptions }));
  });

/**
 * Reads a run out of an answer.
 *
 * @param answer - the answer
 * @returns the run, with dates
 * @throws ApiSchemaValidationError when the answer has none
 * @example
 * ```ts
 * readRun(await callApi({ method: "GET", path: "/api/v3/runs/run_1" })).status;
 * ```
 */
export function readRun(answer: ApiAnswer): RetrievedRun<never, never> {
  if (!isRun(answer.body)) throw unexpectedAnswer(answer, "a run");
  // The server answers with what the contract says; payload and output are what the task's type says.
  return withDates(answer.body, runTimeFields) as unknown as RetrievedRun<never, never>;
}

function isRun(body: unknown): body is Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null && "id" in body && "status" in body;
}
