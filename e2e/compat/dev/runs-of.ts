import type { StagedServer } from "../../stage/platform.ts";
import { until } from "../../stage/until.ts";

/** A run as the API shows it, as far as tests look. */
export interface ShownRun {
  readonly id: string;
  readonly status: string;
  readonly isCompleted: boolean;
  readonly output?: unknown;
  readonly error?: { readonly message: string; readonly name?: string };
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly attemptCount: number;
}

/** Runs of a server that a dev session works for. */
export interface Runs {
  /** Triggers a task with a payload; answers the id of the run. */
  trigger(taskId: string, payload?: unknown, options?: object): Promise<string>;
  retrieve(runId: string): Promise<ShownRun>;
  /** Waits until a run has a status. */
  is(runId: string, status: string): Promise<ShownRun>;
  /** Waits until a run has ended. */
  ended(runId: string): Promise<ShownRun>;
}

/**
 * Triggers and follows runs.
 *
 * @param server - the server
 * @returns its runs
 */
export function runsOf({ api }: Pick<StagedServer, "api">): Runs {
  const retrieve = async (runId: string) =>
    (await api.call("GET", `/api/v3/runs/${runId}`)).body as unknown as ShownRun; // the route's form
  return {
    async trigger(taskId, payload = {}, options = {}) {
      const body = JSON.stringify({
        payload: JSON.stringify(payload),
        options: { payloadType: "application/json", ...options },
      });
      const answer = await api.call("POST", `/api/v1/tasks/${taskId}/trigger`, body);
      return (answer.body as { id: string }).id; // the route's form
    },
    retrieve,
    is: (runId, status) =>
      until(`run ${runId} is ${status}`, async () => {
        const run = await retrieve(runId);
        return run.status === status ? run : null;
      }),
    ended: (runId) =>
      until(`run ${runId} has ended`, async () => {
        const run = await retrieve(runId);
        return run.isCompleted ? run : null;
      }),
  };
}
