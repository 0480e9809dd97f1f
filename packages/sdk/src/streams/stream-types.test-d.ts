import { type InferInputStreamType, type InferStreamType, runs, streams, task } from "../index.ts";

const tokens = streams.define<string>({ id: "tokens" });
const approval = streams.input<{ approved: boolean }>({ id: "approval" });
const write = task({ id: "write", run: async (_payload: { topic: string }) => 1 });

"a" satisfies InferStreamType<typeof tokens>;
({ approved: true }) satisfies InferInputStreamType<typeof approval>;
// @ts-expect-error: its chunks are texts
1 satisfies InferStreamType<typeof tokens>;

export async function typed(source: AsyncIterable<string>): Promise<void> {
  for await (const token of await tokens.read("run_1")) token satisfies string;
  for await (const token of tokens.pipe(source).stream) token satisfies string;
  for await (const part of await streams.read<{ a: 1 }>("run_1")) part.a satisfies 1;
  for await (const part of await streams.read<{ a: 1 }>("run_1", "key")) part.a satisfies 1;
  // @ts-expect-error: its chunks are texts
  await tokens.append(1);
  await tokens.append("a", { target: "parent" });
  tokens.writer({
    execute({ write, merge }) {
      write("a");
      merge(source);
      // @ts-expect-error: its chunks are texts
      write(1);
    },
  });
  const result = await approval.wait({ timeout: "1h" });
  if (result.ok) result.output.approved satisfies boolean;
  (await approval.once().unwrap()).approved satisfies boolean;
  approval.peek()?.approved satisfies boolean | undefined;
  approval.on(({ approved }) => void (approved satisfies boolean)).off();
  // @ts-expect-error: its records are objects
  await approval.send("run_1", true);
  for await (const news of runs
    .subscribeToRun<typeof write>("run_1")
    .withStreams<{ tokens: string; steps: number }>()) {
    if (news.type === "run") news.run.output satisfies number | undefined;
    else if (news.type === "tokens") news.chunk satisfies string;
    else news.chunk satisfies number;
  }
}
