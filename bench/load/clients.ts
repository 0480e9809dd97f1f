import { runs, tasks } from "@pawl/sdk";
import type { ClientCallName, ClientName, LoadCalls } from "./protocol.ts";

/** The part that both clients have, under the same names. */
interface Client {
  readonly tasks: {
    trigger(taskId: string, payload: unknown): PromiseLike<{ readonly id: string }>;
    batchTrigger(taskId: string, items: { payload: unknown }[]): PromiseLike<unknown>;
  };
  readonly runs: {
    retrieve(id: string): PromiseLike<unknown>;
    list(options: { limit: number }): PromiseLike<unknown>;
  };
}

const taskId = "bench.noop";
const payload = { n: 1, text: "some words", at: new Date(0) };
const batchItems = 10;
const pageSize = 25;

/** The original's is imported when it is asked for first; whoever forked this process says from where. */
async function clientNamed(name: ClientName): Promise<Client> {
  if (name === "pawl") return { tasks, runs };
  const url = process.env.PAWL_BENCH_ORIGINAL_SDK;
  if (url === undefined) throw new Error("The original's SDK is not installed: run npm ci in the repository.");
  return (await import(url)) as Client; // has these calls under these names
}

/** @returns makes the call once; what it needs is made before */
async function callOf(name: ClientName, call: ClientCallName): Promise<() => PromiseLike<unknown>> {
  const client = await clientNamed(name);
  switch (call) {
    case "trigger":
      return () => client.tasks.trigger(taskId, payload);
    case "retrieve": {
      const { id } = await client.tasks.trigger(taskId, payload);
      return () => client.runs.retrieve(id);
    }
    case "batch":
      return () =>
        client.tasks.batchTrigger(
          taskId,
          Array.from({ length: batchItems }, () => ({ payload })),
        );
    case "list":
      return () => client.runs.list({ limit: pageSize });
  }
}

/** See {@link LoadCalls}. */
export async function clientCalls({
  client,
  call,
  count,
  callers,
}: LoadCalls["client_calls"]["request"]): Promise<LoadCalls["client_calls"]["answer"]> {
  const once = await callOf(client, call);
  const beganAtMs = performance.now();
  let left = count;
  const caller = async () => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { count, elapsedMs: performance.now() - beganAtMs };
}

/** See {@link LoadCalls}. */
export async function clientsInTurn({
  call,
  count,
}: LoadCalls["clients_in_turn"]["request"]): Promise<LoadCalls["clients_in_turn"]["answer"]> {
  const calls = { pawl: await callOf("pawl", call), original: await callOf("original", call) };
  const elapsedMs: Record<ClientName, number[]> = { pawl: [], original: [] };
  for (let turn = 0; turn < count; turn++) {
    for (const name of ["pawl", "original"] as const) {
      const beganAtMs = performance.now();
      await calls[name]();
      elapsedMs[name].push(performance.now() - beganAtMs);
    }
  }
  return { elapsedMs };
}
