export { type ClientConfiguration, configure, type RequestOptions } from "./client/client-settings.ts";
export { type BuildSettings, defineConfig, type PawlConfig } from "./define-config.ts";
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
  PayloadError,
  type PayloadIssue,
  RunContextError,
  TaskPayloadParsedError,
} from "./errors/task-error.ts";
export type { CatchErrorDecision, HookParams } from "./hooks/hook-types.ts";
export type { TaskHooks } from "./hooks/task-hooks.ts";
export { type LogAttributes, type Logger, logger } from "./logger.ts";
export type { ListRunsOptions } from "./runs/list.ts";
export type { Page, PagePromise } from "./runs/page.ts";
export type { PollOptions } from "./runs/poll.ts";
export type { ListedRun, RetrievedRun } from "./runs/run.ts";
export { runs } from "./runs/runs-api.ts";
export type { RunArguments, WaitAbout } from "./runtime.ts";
export type { Context, GitContext, TaskContext, TaskRunContext } from "./task-context.ts";
export { type SchemaTask, type SchemaTaskOptions, schemaTask, task } from "./tasks/define-task.ts";
export { type Queue, queue } from "./tasks/queue.ts";
export type { SchemaInput, SchemaOutput, StandardSchema, TaskSchema } from "./tasks/schema.ts";
export type {
  AnyTask,
  BatchHandle,
  BatchItem,
  BatchOptions,
  MachinePreset,
  RunHandle,
  Task,
  TaskIdentifier,
  TaskOptions,
  TaskOutput,
  TaskPayload,
  TriggerOptions,
} from "./tasks/task-types.ts";
export { tasks } from "./trigger/tasks-api.ts";
