import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { tasks } from "@pawl/sdk";

// A program of its own: triggers runs through the SDK at a steady rate, whatever is killed meanwhile, and writes down each
// handle that a call returned. `node load.ts <rate per second> <seconds> <file>`

const [rate = 0, seconds = 0] = process.argv.slice(2, 4).map(Number);
const file = process.argv[4] ?? "";
const callers = 100;
/** A call waits through any outage: the same call again makes no second run. */
const requestOptions = { retry: { maxAttempts: 200, minTimeoutInMs: 200, maxTimeoutInMs: 200, factor: 1 } };

/** Of a hundred runs: 1 takes two seconds, 10 fail always, 10 fail once, 10 may be attempted once only, 5 wait, 3 have children. */
function taskOf(number: number): string {
  const place = number % 100;
  if (place === 0) return "slow";
  if (place <= 10) return "failing";
  if (place <= 20) return "retrying";
  if (place <= 30) return "once";
  if (place <= 35) return "waiting";
  return place <= 38 ? "parent" : "quick";
}

const count = rate * seconds;
const beganAtMs = performance.now();
let next = 0;

async function call(): Promise<void> {
  for (let number = next++; number < count; number = next++) {
    const dueInMs = beganAtMs + (number * 1_000) / rate - performance.now();
    if (dueInMs > 0) await delay(dueInMs);
    const taskId = taskOf(number);
    const { id } = await tasks.trigger(taskId, { number }, {}, requestOptions);
    appendFileSync(file, `${number} ${taskId} ${id}\n`);
  }
}

await Promise.all(Array.from({ length: callers }, call));
console.log(JSON.stringify({ count, tookMs: Math.round(performance.now() - beganAtMs) }));
