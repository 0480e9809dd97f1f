"use client";

export {
  type TriggerAuth,
  TriggerAuthContext,
  useTriggerAuthContext,
  useTriggerAuthContextOptional,
} from "./auth-context.ts";
export type { StreamResults } from "./followed-run.ts";
export type { UseApiClientOptions } from "./target.ts";
export { type InputStreamSendInstance, useInputStreamSend } from "./use-input-stream-send.ts";
export {
  type RunToFollow,
  type UseRealtimeRunInstance,
  type UseRealtimeRunOptions,
  type UseRealtimeSingleRunOptions,
  useRealtimeRun,
} from "./use-realtime-run.ts";
export {
  type UseRealtimeRunWithStreamsInstance,
  useRealtimeRunWithStreams,
} from "./use-realtime-run-with-streams.ts";
export {
  type UseRealtimeRunsInstance,
  type UseRealtimeRunsOptions,
  type UseRealtimeRunsWithTagOptions,
  useRealtimeBatch,
  useRealtimeRunsWithTag,
} from "./use-realtime-runs.ts";
export {
  type UseRealtimeStreamInstance,
  type UseRealtimeStreamOptions,
  useRealtimeStream,
} from "./use-realtime-stream.ts";
export {
  type RealtimeTriggerInstance,
  type RealtimeTriggerInstanceWithStreams,
  type UseRealtimeTaskTriggerOptions,
  useRealtimeTaskTrigger,
  useRealtimeTaskTriggerWithStreams,
} from "./use-realtime-task-trigger.ts";
export { type CommonTriggerHookOptions, type UseRunInstance, useRun } from "./use-run.ts";
export {
  type RunHandleOf,
  type SubmitTask,
  type TriggerInstance,
  type UseTaskTriggerOptions,
  useTaskTrigger,
} from "./use-task-trigger.ts";
export { useWaitToken, type WaitTokenInstance } from "./use-wait-token.ts";
