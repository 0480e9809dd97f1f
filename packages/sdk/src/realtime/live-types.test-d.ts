import { type LiveRun, runs, task } from "../index.ts";

const hello = task({ id: "hello", run: async (payload: { name: string }) => ({ greeting: payload.name }) });
const add = task({ id: "add", run: async (payload: number[]) => payload.length });

export async function typed(): Promise<void> {
  for await (const run of runs.subscribeToRun(await hello.trigger({ name: "Ada" }))) {
    run.payload?.name satisfies string | undefined;
    run.output?.greeting satisfies string | undefined;
    run.taskIdentifier satisfies "hello";
    run.startedAt satisfies Date | undefined;
    // @ts-expect-error: no task gives this
    void run.output?.other;
  }
  for await (const run of runs.subscribeToRun<typeof add>("run_1", { stopOnCompletion: false })) {
    run.output satisfies number | undefined;
  }
  for await (const run of runs.subscribeToRun("run_1")) run satisfies LiveRun;
  for await (const run of runs.subscribeToRunsWithTag<typeof hello | typeof add>(["a"])) {
    if (run.taskIdentifier === "hello") run.output satisfies { greeting: string } | undefined;
    else run.output satisfies number | undefined;
  }
  const batch = await hello.batchTrigger([{ payload: { name: "Ada" } }]);
  for await (const run of runs.subscribeToBatch<typeof hello>(batch)) run.output?.greeting satisfies string | undefined;
}

// @ts-expect-error: there is no such column
void runs.subscribeToRun("run_1", { skipColumns: ["everything"] });
