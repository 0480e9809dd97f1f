import { type LiveRun, streams, task } from "@pawl/sdk";
import {
  type RunHandleOf,
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
} from "./index.ts";

const hello = task({ id: "hello", run: async (payload: { name: string }) => ({ greeting: payload.name }) });
const add = task({ id: "add", run: async (payload: number[]) => payload.length });
const steps = streams.define<{ step: number }>({ id: "steps" });
const nightly = task({ id: "nightly", run: async () => "done" as const });

export function useTypes(handle: RunHandleOf<typeof hello>): void {
  const { run } = useRealtimeRun<typeof hello>("run_1", {
    accessToken: undefined,
    onComplete: (ended) => ended.output?.greeting satisfies string | undefined,
  });
  run?.payload?.name satisfies string | undefined;
  run?.output?.greeting satisfies string | undefined;
  run?.taskIdentifier satisfies "hello" | undefined;
  // @ts-expect-error: no task gives this
  void run?.output?.other;

  useRealtimeRun(handle).run?.output?.greeting satisfies string | undefined;
  useRealtimeRun(handle, { onComplete: ({ output }) => output?.greeting satisfies string | undefined });
  useRealtimeRun("run_1").run satisfies LiveRun | undefined;
  useRealtimeRun<typeof add>(handle.id).run?.output satisfies number | undefined;
  useRealtimeRun(undefined, { enabled: false }).run satisfies LiveRun | undefined;
  // @ts-expect-error: there is no such column
  useRealtimeRun("run_1", { skipColumns: ["everything"] });

  const { runs } = useRealtimeRunsWithTag<typeof hello | typeof add>(["a"], { createdAt: "1h" });
  for (const one of runs) {
    if (one.taskIdentifier === "hello") one.output satisfies { greeting: string } | undefined;
    else one.output satisfies number | undefined;
  }
  useRealtimeBatch<typeof add>("batch_1").runs.map((one) => one.output satisfies number | undefined);
  useRealtimeRunsWithTag("a").runs satisfies readonly LiveRun[];

  useRun<typeof hello>("run_1", { refreshInterval: 1_000 }).run?.output?.greeting satisfies string | undefined;
}

export function useActionAndStreamTypes(): void {
  const trigger = useTaskTrigger<typeof hello>("hello");
  trigger.submit({ name: "Ada" }, { tags: ["a"] });
  trigger.handle?.taskIdentifier satisfies "hello" | undefined;
  // @ts-expect-error: the task takes a name
  trigger.submit({ title: "Ada" });
  // @ts-expect-error: the task takes a payload
  trigger.submit();
  useTaskTrigger<typeof nightly>("nightly").submit();
  // @ts-expect-error: the id is another one
  useTaskTrigger<typeof hello>("hallo");

  const followed = useRealtimeTaskTrigger<typeof hello>("hello", { skipColumns: ["payload"] });
  followed.submit({ name: "Ada" });
  followed.run?.output?.greeting satisfies string | undefined;
  useRealtimeRun(followed.handle).run?.output?.greeting satisfies string | undefined;

  const token = useWaitToken<{ approved: boolean }>("waitpoint_1");
  token.complete({ approved: true });
  // @ts-expect-error: who waits expects another output
  token.complete({ accepted: true });
  useWaitToken("waitpoint_1").complete("anything");

  useRealtimeStream(steps, "run_1", { onData: ({ step }) => step satisfies number }).parts satisfies readonly {
    step: number;
  }[];
  useRealtimeStream<string>("run_1", "tokens", { maxParts: 1 }).parts satisfies readonly string[];
  useRealtimeStream<string>("run_1", { throttleInMs: 50 }).parts satisfies readonly string[];
  // @ts-expect-error: a stream needs a run
  useRealtimeStream(steps);

  const answer = useInputStreamSend<{ approved: boolean }>("approval", "run_1");
  answer.send({ approved: true });
  // @ts-expect-error: the run expects another record
  answer.send({ accepted: true });

  const withStreams = useRealtimeRunWithStreams<typeof hello, { tokens: string; steps: { step: number } }>("run_1");
  withStreams.run?.output?.greeting satisfies string | undefined;
  withStreams.streams.tokens satisfies readonly string[] | undefined;
  withStreams.streams.steps?.[0]?.step satisfies number | undefined;
  // @ts-expect-error: nobody said that there is such a stream
  void withStreams.streams.other;
  const both = useRealtimeTaskTriggerWithStreams<typeof hello, { tokens: string }>("hello");
  both.submit({ name: "Ada" });
  both.streams.tokens satisfies readonly string[] | undefined;
}
