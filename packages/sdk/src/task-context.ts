/** The git commit that a version was made from. */
export interface GitContext {
  readonly provider?: string;
  readonly source?: "trigger_github_app" | "github_actions" | "local";
  readonly ghUsername?: string;
  readonly ghUserAvatarUrl?: string;
  readonly commitAuthorName?: string;
  readonly commitMessage?: string;
  readonly commitRef?: string;
  readonly commitSha?: string;
  readonly dirty?: boolean;
  readonly remoteUrl?: string;
  readonly pullRequestNumber?: number;
  readonly pullRequestTitle?: string;
  readonly pullRequestState?: "open" | "closed" | "merged";
}

/**
 * What a task knows of its run: the `ctx` that `run` receives. It is a snapshot made when the attempt starts and does not
 * change while the code executes. What a server of your own does not have is told as `default`, such as an organization, and costs as 0.
 *
 * @example
 * ```ts
 * export const hello = task({
 *   id: "hello",
 *   run: async (_payload: undefined, { ctx }) => `attempt ${ctx.attempt.number} of ${ctx.run.id}`,
 * });
 * ```
 */
export interface TaskContext {
  /** `number` counts from 1; `startedAt` is when this one began. */
  readonly attempt: { readonly number: number; readonly startedAt: Date };
  /** `filePath` is relative to the project. */
  readonly task: { readonly id: string; readonly filePath: string };
  readonly run: {
    readonly id: string;
    readonly tags: readonly string[];
    readonly isTest: boolean;
    readonly isReplay: boolean;
    readonly createdAt: Date;
    readonly startedAt: Date;
    /** The key as the caller wrote it, not its hash. */
    readonly idempotencyKey?: string;
    readonly idempotencyKeyScope?: "run" | "attempt" | "global";
    /** Attempts in all, the first included. */
    readonly maxAttempts?: number;
    readonly version?: string;
    /** In seconds. */
    readonly maxDuration?: number;
    readonly priority?: number;
    readonly baseCostInCents?: number;
    readonly parentTaskRunId?: string;
    readonly rootTaskRunId?: string;
    readonly region?: string;
  };
  /** `id` and `name` are its whole name, `task/<id>` for a task's own, which `queues.retrieve` and its like find it by. */
  readonly queue: { readonly id: string; readonly name: string };
  readonly environment: {
    readonly id: string;
    readonly slug: string;
    readonly type: "PRODUCTION" | "STAGING" | "DEVELOPMENT" | "PREVIEW";
    readonly branchName?: string;
    readonly git?: GitContext;
  };
  readonly organization: { readonly id: string; readonly slug: string; readonly name: string };
  readonly project: { readonly id: string; readonly ref: string; readonly slug: string; readonly name: string };
  /** `cpu` in cores, `memory` in gigabytes. */
  readonly machine?: {
    readonly name: string;
    readonly cpu: number;
    readonly memory: number;
    readonly centsPerMs: number;
  };
  readonly batch?: { readonly id: string };
  /** The version that the run executes with, as `deployments` names it; absent in development. */
  readonly deployment?: {
    readonly id: string;
    readonly shortCode: string;
    readonly version: string;
    readonly runtime: string;
    readonly runtimeVersion: string;
    readonly git?: GitContext;
  };
}

/** Another name of {@link TaskContext}. */
export type Context = TaskContext;

/** Another name of {@link TaskContext}. */
export type TaskRunContext = TaskContext;
