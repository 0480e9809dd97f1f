import {
  useInputStreamSend,
  useRealtimeBatch,
  useRealtimeRun,
  useRealtimeRunsWithTag,
  useRealtimeRunWithStreams,
  useRealtimeStream,
  useRealtimeTaskTrigger,
  useRealtimeTaskTriggerWithStreams,
  useRun,
  useTaskTrigger,
  useWaitToken,
} from "@pawl/react-hooks";
import { useRef } from "react";
import type { conversation } from "../../projects/engine/trigger/conversation.ts";
import type { echo, gated } from "../../projects/engine/trigger/plain.ts";
import { useShown } from "./shown.ts";

// Each component shows what its hook gives. They are built with two packages that have these hooks.

interface Options {
  readonly options?: object;
}

interface AnyRun {
  readonly id: string;
  readonly status: string;
  readonly isCompleted: boolean;
  readonly output?: unknown;
  readonly metadata?: unknown;
}

function plain(run: AnyRun | undefined): object | null {
  if (run === undefined) return null;
  const { id, status, isCompleted, output, metadata } = run;
  return { id, status, isCompleted, output, metadata };
}

function RealtimeRun({ runId, options }: Options & { readonly runId?: string }) {
  const completions = useRef<string[]>([]);
  const { run, error, stop } = useRealtimeRun<typeof gated>(runId, {
    ...options,
    onComplete: ({ id }) => completions.current.push(id),
  });
  useShown({ run: plain(run), error: error?.message });
  return (
    <>
      <button type="button" onClick={stop}>
        stop
      </button>
      <button type="button" onClick={() => Object.assign(globalThis, { completions: completions.current })}>
        completions
      </button>
      <p>{run?.isCompleted === true ? run.output : run?.status}</p>
    </>
  );
}

/** With a way to get another token. */
function Refreshed({ runId, next }: { readonly runId: string; readonly next: string }) {
  const { run, error } = useRealtimeRun(runId, { refreshAccessToken: async () => next });
  useShown({ run: plain(run), error: error?.message });
  return null;
}

/** Two that show the same run. */
function Twins({ runId }: { readonly runId: string }) {
  const one = useRealtimeRun(runId);
  const other = useRealtimeRun(runId);
  useShown([plain(one.run), plain(other.run)]);
  return null;
}

function TaggedRuns({ tag, options }: Options & { readonly tag: string | string[] }) {
  const { runs, error } = useRealtimeRunsWithTag<typeof echo>(tag, options);
  useShown({ runs: runs.map(plain), error: error?.message });
  return null;
}

function BatchRuns({ batchId, options }: Options & { readonly batchId: string }) {
  const { runs, error } = useRealtimeBatch<typeof echo>(batchId, options);
  useShown({ runs: runs.map(plain), error: error?.message });
  return null;
}

function Trigger({ payload, options }: Options & { readonly payload: unknown }) {
  const { submit, handle, isLoading, error } = useTaskTrigger<typeof echo>("echo", options);
  useShown({ id: handle?.id, hasToken: handle?.publicAccessToken !== undefined, isLoading, error: error?.message });
  return (
    <button type="button" onClick={() => submit(payload, { tags: ["from-page"] })}>
      submit
    </button>
  );
}

function TriggerAndFollow({ payload, options }: Options & { readonly payload: unknown }) {
  const { submit, run, handle, error } = useRealtimeTaskTrigger<typeof echo>("echo", options);
  useShown({ id: handle?.id, run: plain(run), error: error?.message });
  return (
    <button type="button" onClick={() => submit(payload)}>
      submit
    </button>
  );
}

function LookedAt({ runId, options }: Options & { readonly runId: string }) {
  const { run, error, isLoading, isError } = useRun<typeof echo>(runId, options);
  useShown({ run: plain(run), error: error?.message, isLoading, isError });
  return null;
}

function Decision({ tokenId, options }: Options & { readonly tokenId: string }) {
  const { complete, isCompleted, isReady, error } = useWaitToken<{ approved: boolean }>(tokenId, options);
  useShown({ isCompleted, isReady, error: error?.message });
  return (
    <button type="button" onClick={() => complete({ approved: true })}>
      complete
    </button>
  );
}

/** What a run says, and a way to ask it. */
function Conversation({ runId, asks, options }: Options & { readonly runId: string; readonly asks: string }) {
  const { parts, error } = useRealtimeStream<string>(runId, "lines", options);
  const { send, isReady, isLoading, error: sendError } = useInputStreamSend<{ text: string }>("questions", runId);
  useShown({ parts, isReady, isLoading, error: (error ?? sendError)?.message });
  return (
    <button type="button" onClick={() => send({ text: asks })}>
      send
    </button>
  );
}

function WithStreams({ runId, options }: Options & { readonly runId: string }) {
  const { run, streams, error } = useRealtimeRunWithStreams<typeof conversation, { lines: string }>(runId, options);
  useShown({ run: plain(run), lines: streams.lines, error: error?.message });
  return null;
}

function TriggerWithStreams({ options }: Options) {
  const { submit, run, handle, streams, error } = useRealtimeTaskTriggerWithStreams<
    typeof conversation,
    { lines: string }
  >("conversation", options);
  useShown({ id: handle?.id, run: plain(run), lines: streams.lines, error: error?.message });
  return (
    <button type="button" onClick={() => submit(null)}>
      submit
    </button>
  );
}

/** By their names. */
export const components = {
  RealtimeRun,
  Refreshed,
  Twins,
  TaggedRuns,
  BatchRuns,
  Trigger,
  TriggerAndFollow,
  LookedAt,
  Decision,
  Conversation,
  WithStreams,
  TriggerWithStreams,
};
