import { setTimeout as delay } from "node:timers/promises";
import { callDuring } from "../../load/callers.ts";
import type { CalledJob, ClientCalls } from "../protocol.ts";
import type { PeerClient } from "./adapter.ts";
import { loadAdapter } from "./all-adapters.ts";
import { serve } from "./serve.ts";

// The client of a package: forked, does what it is asked for, and ends with whoever forked it.

const drainPollMs = 10;
const fillCallers = 50;
const fillEach = 1_000;

let connected: PeerClient | undefined;
let lastNumber = 0;

function client(): PeerClient {
  if (connected === undefined) throw new Error("The client was not prepared.");
  return connected;
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, () => ++lastNumber);
}

async function fill(count: number, mayClone: boolean): Promise<void> {
  const { clone, enqueueMany, enqueue } = client();
  if (clone !== undefined && mayClone) {
    await clone(count);
  } else if (enqueueMany !== undefined) {
    for (let left = count; left > 0; left -= fillEach) await enqueueMany(numbers(Math.min(left, fillEach)));
  } else {
    const todo = [...numbers(count)];
    const caller = async () => {
      for (let n = todo.pop(); n !== undefined; n = todo.pop()) await enqueue("noop", n);
    };
    await Promise.all(Array.from({ length: fillCallers }, caller));
  }
}

serve<ClientCalls>({
  async prepare({ adapter, settings }) {
    connected = await (await loadAdapter(adapter)).connect(settings);
    return null;
  },
  enqueue_during: ({ callers, durationMs }) =>
    callDuring(callers, durationMs, () => client().enqueue("noop", ++lastNumber)),
  async enqueue_bulk({ calls, each }) {
    const { enqueueMany } = client();
    if (enqueueMany === undefined) return null;
    const beganAtMs = performance.now();
    for (let call = 0; call < calls; call++) await enqueueMany(numbers(each));
    return { elapsedMs: performance.now() - beganAtMs };
  },
  async fill({ count, mayClone }) {
    await fill(count, mayClone);
    return null;
  },
  async enqueue_spaced({ count, intervalMs }) {
    const jobs: CalledJob[] = [];
    const beganAtMs = performance.now();
    while (jobs.length < count) {
      const n = ++lastNumber;
      const calledAtNs = process.hrtime.bigint().toString();
      await client().enqueue("noop", n);
      jobs.push({ n, calledAtNs });
      await delay(Math.max(1, beganAtMs + jobs.length * intervalMs - performance.now()));
    }
    return { jobs };
  },
  async enqueue_kind({ kind, numbers: given }) {
    await Promise.all(given.map((n) => client().enqueue(kind, n)));
    return null;
  },
  async await_drained({ timeoutMs }) {
    const deadlineMs = performance.now() + timeoutMs;
    while (!(await client().isDrained())) {
      if (performance.now() > deadlineMs) throw new Error(`Jobs have not finished after ${timeoutMs / 1_000} s.`);
      await delay(drainPollMs);
    }
    return { atNs: process.hrtime.bigint().toString() };
  },
});
