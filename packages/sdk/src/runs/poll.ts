import type { RequestOptions } from "../client/client-settings.ts";
import { badRequest } from "../errors/bad-request.ts";
import { checkOptionNames, type OptionNames } from "../options/option-names.ts";
import type { AnyRunHandle, AnyTask, TaskOutput, TaskPayload, UntypedTask } from "../tasks/task-types.ts";
import { retrieve } from "./retrieve.ts";
import type { RetrievedRun } from "./run.ts";

/** Settings of `runs.poll`. */
export interface PollOptions {
  /** How long to wait between two looks, in milliseconds; default: 1,000. */
  readonly pollIntervalMs?: number;
}

/** `runs.poll`. */
export interface Poll {
  /**
   * Waits until a run has finished, however it ended, by looking at it again and again.
   *
   * @param run - its handle, or its id with the task's type
   * @param options - how often to look
   * @returns the finished run; `isSuccess` says whether it has an output, `error` why not
   * @throws NotFoundError when there is no such run
   * @example
   * ```ts
   * const run = await runs.poll(await hello.trigger({ name: "Ada" }), { pollIntervalMs: 200 });
   * ```
   */
  <THandle extends AnyRunHandle>(
    run: THandle,
    options?: PollOptions,
    requestOptions?: RequestOptions,
  ): Promise<RetrievedRun<TaskPayload<THandle>, TaskOutput<THandle>>>;
  <TTask extends AnyTask = UntypedTask>(
    run: string | { readonly id: string },
    options?: PollOptions,
    requestOptions?: RequestOptions,
  ): Promise<RetrievedRun<TaskPayload<TTask>, TaskOutput<TTask>>>;
}

const pollOptionNames: OptionNames<PollOptions> = { pollIntervalMs: true };

/** Waits until a run has finished; see {@link Poll}. */
export const poll: Poll = async (
  run: string | { readonly id: string },
  options?: PollOptions,
  requestOptions?: RequestOptions,
) => {
  const { pollIntervalMs = 1_000 } = options ?? {};
  checkOptionNames("runs.poll", options, pollOptionNames);
  if (!(typeof pollIntervalMs === "number" && pollIntervalMs >= 0)) {
    throw badRequest("pollIntervalMs", "The pollIntervalMs of runs.poll must be a number of milliseconds from 0.");
  }
  for (;;) {
    const current = await retrieve(run, requestOptions);
    // Payload and output are what the task's type says.
    if (current.isCompleted) return current as RetrievedRun<never, never>;
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
  }
};
