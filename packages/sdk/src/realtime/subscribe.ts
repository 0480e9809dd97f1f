import { type CallTarget, type ClientSettings, clientSettings } from "../client/client-settings.ts";
import { badRequest } from "../errors/bad-request.ts";
import type {
  AnyRunHandle,
  AnyTask,
  TaskIdentifier,
  TaskOutput,
  TaskPayload,
  UntypedTask,
} from "../tasks/task-types.ts";
import { FollowedRun } from "./followed-run.ts";
import type { LiveTarget } from "./live-request.ts";
import { liveRows } from "./live-rows.ts";
import { type LiveRun, type LiveRunOf, liveRun, type SkippableColumn } from "./live-run.ts";
import { RunSubscription } from "./run-subscription.ts";

/** Settings of every subscription. */
export interface SubscribeOptions {
  /** What to leave out, such as a payload that is long. */
  readonly skipColumns?: readonly SkippableColumn[];
  /** Ends the subscription when it fires; its loop ends as if there was nothing more. */
  readonly signal?: AbortSignal;
  /** Where the runs are, and with which key they are read, whatever is configured otherwise. */
  readonly clientConfig?: CallTarget;
}

/** Settings of `runs.subscribeToRun`. */
export interface SubscribeToRunOptions extends SubscribeOptions {
  /** Whether it ends when the run has; default: yes. Metadata and tags can change afterwards. */
  readonly stopOnCompletion?: boolean;
}

/** Settings of `runs.subscribeToRunsWithTag`. */
export interface SubscribeToTagOptions extends SubscribeOptions {
  /** How long ago the runs were made at most, such as `1h` or `7d`; default: a day. */
  readonly createdAt?: string;
}

/** `runs.subscribeToRun`. */
export interface SubscribeToRun {
  /**
   * Follows a run: gives it as it stands, and again whenever anything of it has changed, until it has ended. It goes on through
   * broken connections and restarts of the server, and the end is never missed; changes that follow closely may come as one.
   *
   * @param run - its handle, or its id with the task's type: `runs.subscribeToRun<typeof hello>("run_…")`
   * @param options - what to leave out, and when to end
   * @returns the run over time, for `for await`
   * @throws ApiClientMissingError without a key; and from its loop NotFoundError, AuthenticationError, PermissionDeniedError
   * @example
   * ```ts
   * const handle = await hello.trigger({ name: "Ada" });
   * for await (const run of runs.subscribeToRun(handle)) console.log(run.status, run.metadata, run.output);
   * ```
   */
  <THandle extends AnyRunHandle>(
    run: THandle,
    options?: SubscribeToRunOptions,
  ): FollowedRun<LiveRun<TaskPayload<THandle>, TaskOutput<THandle>, THandle["taskIdentifier"]>>;
  <TTask extends AnyTask = UntypedTask>(
    run: string | { readonly id: string },
    options?: SubscribeToRunOptions,
  ): FollowedRun<LiveRun<TaskPayload<TTask>, TaskOutput<TTask>, TaskIdentifier<TTask>>>;
}

/** Follows a run; see {@link SubscribeToRun}. */
export const subscribeToRun: SubscribeToRun = (
  run: string | { readonly id: string },
  { stopOnCompletion = true, ...options }: SubscribeToRunOptions = {},
) => {
  const id = typeof run === "string" ? run : run.id;
  const target = { path: `/realtime/v1/runs/${encodeURIComponent(id)}`, query: {} };
  const settings = clientSettings(options.clientConfig);
  const isLast = (one: LiveRun) => stopOnCompletion && one.isCompleted;
  const rows = rowsOf<LiveRun<never, never, never>>(settings, target, { ...options, isLast });
  return new FollowedRun(settings, rows, options.signal);
};

/**
 * Follows runs with tags: those that there are, then each that comes, and again whenever anything of one has changed. It does not
 * end by itself.
 *
 * @param tags - a tag, or several that the runs have all of
 * @param options - how far to look back, and what to leave out
 * @returns the runs, for `for await`; with a type they are those of its tasks, told apart by `taskIdentifier`
 * @throws BadRequestError for no tag, or one with a comma in it; and as `subscribeToRun`
 * @example
 * ```ts
 * for await (const run of runs.subscribeToRunsWithTag<typeof hello>("user:7", { createdAt: "1h" })) {
 *   console.log(run.id, run.status);
 * }
 * ```
 */
export function subscribeToRunsWithTag<TTask extends AnyTask = UntypedTask>(
  tags: string | readonly string[],
  { createdAt, ...options }: SubscribeToTagOptions = {},
  more: Pick<SubscribeOptions, "signal"> = {},
): RunSubscription<LiveRunOf<TTask>> {
  const all = typeof tags === "string" ? [tags] : tags;
  if (all.length === 0 || all.some((tag) => tag === "" || tag.includes(","))) {
    throw badRequest("tags", "Name the tags that the runs have, each without a comma.");
  }
  const query = { tags: all.join(","), ...(createdAt === undefined ? {} : { createdAt }) };
  return follow({ path: "/realtime/v1/runs", query }, { ...options, ...more });
}

/**
 * Follows the runs of a batch: each as it stands, and again whenever anything of it has changed. It does not end by itself.
 *
 * @param batch - its id, or its handle
 * @param options - what to leave out
 * @returns the runs, for `for await`
 * @throws as `subscribeToRun`
 * @example
 * ```ts
 * const batch = await hello.batchTrigger([{ payload: { name: "Ada" } }, { payload: { name: "Grace" } }]);
 * const ended = new Set<string>();
 * for await (const run of runs.subscribeToBatch<typeof hello>(batch)) {
 *   if (run.isCompleted) ended.add(run.id);
 *   if (ended.size === batch.runCount) break;
 * }
 * ```
 */
export function subscribeToBatch<TTask extends AnyTask = UntypedTask>(
  batch: string | { readonly batchId: string },
  options: SubscribeOptions = {},
): RunSubscription<LiveRunOf<TTask>> {
  const id = typeof batch === "string" ? batch : batch.batchId;
  return follow({ path: `/realtime/v1/batches/${encodeURIComponent(id)}`, query: {} }, options);
}

/** The key is that of the call, wherever the loop is. */
function follow<TRun>(target: LiveTarget, options: SubscribeOptions): RunSubscription<TRun> {
  const settings = clientSettings(options.clientConfig);
  return new RunSubscription(rowsOf<TRun>(settings, target, options), options.signal);
}

function rowsOf<TRun>(
  settings: ClientSettings,
  { path, query }: LiveTarget,
  { skipColumns = [], isLast }: SubscribeOptions & { readonly isLast?: (run: LiveRun) => boolean },
): (ending: AbortSignal) => AsyncGenerator<TRun, undefined> {
  const skipped = skipColumns.length === 0 ? {} : { skipColumns: skipColumns.join(",") };
  const target = { path, query: { ...query, ...skipped } };
  return async function* (ending): AsyncGenerator<TRun, undefined> {
    for await (const row of liveRows(target, ending, settings)) {
      const run = liveRun(row);
      yield run as TRun; // payload and output are what the task's type says
      if (isLast?.(run) === true) return;
    }
  };
}
