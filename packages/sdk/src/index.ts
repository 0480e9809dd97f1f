export type { TriggerRequestOptions } from "./auth/access-token.ts";
export {
  type AuthApi,
  auth,
  type PublicTokenOptions,
  type TaskRefs,
  type TriggerPublicTokenOptions,
} from "./auth/auth-api.ts";
export type { PublicTokenScopes, ReadScopes, WriteScopes } from "./auth/token-scopes.ts";
export { type CacheEntry, type CacheFunction, type CacheStore, createCache, InMemoryCache } from "./cache.ts";
export type { ApiPromise } from "./client/api-promise.ts";
export { type CallTarget, type ClientConfiguration, configure, type RequestOptions } from "./client/client-settings.ts";
export type { NumberedPagination } from "./client/numbered-pages.ts";
export type { Page, PagePromise, Pagination } from "./client/page.ts";
export { type BuildSettings, defineConfig, type PawlConfig } from "./define-config.ts";
export {
  type Deployment,
  type DeploymentsApi,
  deployments,
  type ListDeploymentsOptions,
} from "./deployments/deployments-api.ts";
export {
  type CreateEnvVarOptions,
  type EnvironmentVariable,
  type EnvVarChange,
  type EnvVarsApi,
  envvars,
  type UpdateEnvVarOptions,
  type UploadEnvVarsOptions,
} from "./envvars/envvars-api.ts";
export {
  ApiClientMissingError,
  ApiConnectionError,
  ApiError,
  ApiSchemaValidationError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from "./errors/api-error.ts";
export { BatchNotSealedError, BatchTriggerError } from "./errors/batch-error.ts";
export { RunCancelledError } from "./errors/run-cancelled-error.ts";
export {
  AbortTaskRunError,
  CompleteTaskWithOutput,
  OutOfMemoryError,
  PayloadError,
  type PayloadIssue,
  RunContextError,
  TaskPayloadParsedError,
} from "./errors/task-error.ts";
export { InputStreamTimeoutError, SubtaskUnwrapError, WaitpointTimeoutError } from "./errors/wait-error.ts";
export { type HeartbeatsApi, heartbeats } from "./heartbeats.ts";
export type { CatchErrorDecision, HookParams, HookResult } from "./hooks/hook-types.ts";
export type { TaskHooks } from "./hooks/task-hooks.ts";
export type { IdempotencyKey, IdempotencyKeyInput, IdempotencyKeyScope } from "./idempotency/idempotency-key.ts";
export { type IdempotencyKeysApi, idempotencyKeys, type ResetKeyOptions } from "./idempotency/idempotency-keys-api.ts";
export { type Locals, type LocalsKey, locals } from "./locals/locals.ts";
export { type Logger, logger } from "./logger.ts";
export { type MetadataApi, type MetadataUpdater, metadata } from "./metadata/metadata-api.ts";
export {
  type ListQueuesOptions,
  type QueueRef,
  type QueuesApi,
  queues,
  type RateLimitOverride,
  type RetrievedQueue,
} from "./queues/queues-api.ts";
export { FollowedRun, type RunWithStreams } from "./realtime/followed-run.ts";
export type { LiveRun, LiveRunOf, SkippableColumn } from "./realtime/live-run.ts";
export { RunSubscription } from "./realtime/run-subscription.ts";
export type {
  SubscribeOptions,
  SubscribeToRun,
  SubscribeToRunOptions,
  SubscribeToTagOptions,
} from "./realtime/subscribe.ts";
export type { BodyCondition, BodyFilter } from "./retry/body-filter.ts";
export type { BackoffStrategy, HeadersStrategy, StatusStrategies, StatusStrategy } from "./retry/fetch-strategy.ts";
export type { RetryOptions, TryArguments } from "./retry/on-throw.ts";
export type { ResetFormat } from "./retry/reset-time.ts";
export { type RetryApi, retry } from "./retry/retry-api.ts";
export type { FetchRetryOptions, RetryFetchInit } from "./retry/retry-fetch.ts";
export type { BulkActionRef, BulkApi } from "./runs/bulk.ts";
export type {
  BulkAction,
  BulkCancelOptions,
  BulkReplayOptions,
  BulkSelection,
  ListBulkActionsOptions,
} from "./runs/bulk-types.ts";
export type { ReplayOptions, RescheduleOptions, RunRef } from "./runs/control.ts";
export type { ListRunsOptions } from "./runs/list.ts";
export type { PollOptions } from "./runs/poll.ts";
export type { ListedRun, RetrievedRun } from "./runs/run.ts";
export type { QueueFilter, RunFilters } from "./runs/run-filters.ts";
export { runs } from "./runs/runs-api.ts";
export type { RunArguments, WaitAbout } from "./runtime.ts";
export type { ScheduledTaskInput, ScheduledTaskPayload } from "./schedules/scheduled-payload.ts";
export type {
  DeclaredCron,
  FirePolicy,
  ScheduledTask,
  ScheduledTaskOptions,
  ScheduleWindow,
} from "./schedules/scheduled-task.ts";
export {
  type CreateScheduleOptions,
  type ListSchedulesOptions,
  type RetrievedSchedule,
  type SchedulesApi,
  schedules,
  type UpdateScheduleOptions,
} from "./schedules/schedules-api.ts";
export type {
  InferInputStreamType,
  InputStreamOnceOptions,
  InputStreamOnceResult,
  InputStreamSubscription,
  InputStreamWaitOptions,
  InputStreamWaitWithIdleTimeoutOptions,
  RealtimeDefinedInputStream,
  SendInputStreamOptions,
} from "./streams/input-types.ts";
export { InputStreamOncePromise } from "./streams/once-promise.ts";
export type { StreamSource } from "./streams/pipe.ts";
export type {
  AppendStreamOptions,
  AsyncIterableStream,
  InferStreamType,
  PipeStreamOptions,
  PipeStreamResult,
  ReadStreamOptions,
  RealtimeDefinedStream,
  StreamPart,
  StreamTarget,
  StreamWriteResult,
  StreamWriter,
  WriterStreamOptions,
} from "./streams/stream-types.ts";
export { type StreamsApi, streams } from "./streams/streams-api.ts";
export { type TagsApi, tags } from "./tags/tags-api.ts";
export type { Context, GitContext, TaskContext, TaskRunContext } from "./task-context.ts";
export type {
  BatchAndWaitItem,
  BatchByIdAndWaitItem,
  BatchByIdItem,
  BatchByTaskAndWaitItem,
  BatchByTaskItem,
  BatchHandle,
  BatchItem,
  BatchItems,
  BatchOptions,
  BatchTaskResult,
  BatchTupleResult,
  RetrievedBatch,
} from "./tasks/batch-types.ts";
export { type SchemaTask, type SchemaTaskOptions, schemaTask, task } from "./tasks/define-task.ts";
export { type Queue, type QueueSettings, queue } from "./tasks/queue.ts";
export type { RateLimit } from "./tasks/rate-limit.ts";
export type { BatchResult, TaskRunResult } from "./tasks/result-types.ts";
export type { SchemaInput, SchemaOutput, StandardSchema, TaskSchema } from "./tasks/schema.ts";
export type {
  AnyTask,
  DebounceOptions,
  MachinePreset,
  RunHandle,
  Task,
  TaskIdentifier,
  TaskOptions,
  TaskOutput,
  TaskPayload,
  TriggerAndSubscribeOptions,
  TriggerAndWaitOptions,
  TriggerOptions,
  UntypedTask,
} from "./tasks/task-types.ts";
export { waitUntil } from "./tasks/wait-until.ts";
export { type TimeoutApi, timeout } from "./timeout.ts";
export type { LogAttributes, SpanOptions, TraceSpan } from "./trace-span.ts";
export { type BatchApi, batch } from "./trigger/batch-api.ts";
export { type TasksApi, tasks } from "./trigger/tasks-api.ts";
export { TaskRunPromise } from "./trigger/trigger-and-wait.ts";
export { TriggerClient, type TriggerClientConfig } from "./trigger-client.ts";
export { type ComputeUsage, type CurrentUsage, type UsageApi, usage } from "./usage.ts";
export type { WaitPeriod } from "./wait/period.ts";
export { ManualWaitpointPromise, type TokenRef } from "./wait/token.ts";
export type {
  CreateTokenOptions,
  ListedToken,
  ListTokensOptions,
  RetrievedToken,
  WaitpointToken,
  WaitpointTokenResult,
  WaitpointTokenStatus,
} from "./wait/token-types.ts";
export { type WaitApi, wait } from "./wait/wait-api.ts";
export type { WaitForOptions, WaitUntilOptions } from "./wait/wait-for-time.ts";
export type { WaitKeyOptions } from "./wait/wait-options.ts";
