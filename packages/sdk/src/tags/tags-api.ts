import { callApi } from "../client/call.ts";
import { UnprocessableEntityError } from "../errors/api-error.ts";
import { logger } from "../logger.ts";
import { callerRun } from "../trigger/caller-run.ts";

/** The calls of {@link tags}. */
export interface TagsApi {
  /**
   * Gives the run more tags. `ctx.run.tags` stays as it was when the attempt began. Beyond ten tags in all, none of these is
   * added, and that is logged.
   *
   * @param tags - each of 1 to 128 characters
   * @throws RunContextError where the context of a run was lost; ApiError when the call is refused for another reason
   * @example
   * ```ts
   * await tags.add(`customer:${customer.id}`);
   * ```
   */
  add(tags: string | readonly string[]): Promise<void>;
}

/**
 * Tags of the run that executes. Outside of a run, a call does nothing.
 *
 * @example
 * ```ts
 * await tags.add(["import", "nightly"]);
 * ```
 */
export const tags: TagsApi = {
  async add(tags) {
    const run = callerRun("tags.add");
    if (run === null) return;
    const path = `/api/v1/runs/${encodeURIComponent(run.runId)}/tags`;
    try {
      await callApi({ method: "POST", path, body: JSON.stringify({ tags }) });
    } catch (error) {
      if (!(error instanceof UnprocessableEntityError)) throw error;
      logger.error(`The run did not get the tags: ${error.message}`, { tags });
    }
  },
};
