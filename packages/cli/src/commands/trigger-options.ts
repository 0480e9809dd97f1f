import { createHash } from "node:crypto";
import {
  concurrencyKeySchema,
  delaySchema,
  maxIdempotencyKeyLength,
  prioritySchema,
  tagsSchema,
  triggerOptionsSchema,
  ttlSchema,
} from "@pawl/contract/api/trigger";
import { type Command, InvalidArgumentError } from "commander";
import type { z } from "zod";
import type { TriggerOptions } from "../api/client.ts";

/** What the options of {@link addTriggerOptions} give. */
export interface TriggerOptionFlags {
  readonly delay?: string;
  readonly ttl?: string;
  readonly tag?: readonly string[];
  readonly queue?: string;
  readonly concurrencyKey?: string;
  readonly priority?: number;
  readonly idempotencyKey?: string;
  readonly debounce?: { readonly key: string; readonly delay: string };
}

/**
 * Gives a command the options of a trigger.
 *
 * @param command - the command
 * @returns the command
 */
export function addTriggerOptions(command: Command): Command {
  return command
    .option("-d, --delay <when>", "start it later: from now, such as 10m or 1d12h, or at an ISO date", delay)
    .option("--ttl <duration>", "let it expire when it has not started by then, such as 1h", ttl)
    .option("--tag <tag>", "a tag to find it by; give it again for more, at most 10", tag)
    .option("-q, --queue <name>", "the queue to start in, in place of the task's")
    .option("--concurrency-key <key>", "the lane of the queue, such as a customer's id", concurrencyKey)
    .option("--priority <seconds>", "start before runs that were triggered up to so long earlier", priority)
    .option("--idempotency-key <key>", "find the run that an earlier trigger made with this key", idempotencyKey)
    .option("--debounce <key:delay>", "join triggers with this key into one run, so long after the last", debounce);
}

/**
 * Reads the options of a trigger.
 *
 * @param flags - of the command
 * @returns the options in the form of the API
 */
export function readTriggerOptions(flags: TriggerOptionFlags): TriggerOptions {
  const { delay, ttl, tag, queue, concurrencyKey, priority, idempotencyKey, debounce } = flags;
  return {
    ...(delay === undefined ? {} : { delay }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(tag === undefined ? {} : { tags: [...tag] }),
    ...(queue === undefined ? {} : { queue: { name: queue } }),
    ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
    ...(priority === undefined ? {} : { priority }),
    ...(idempotencyKey === undefined ? {} : hashed(idempotencyKey)),
    ...(debounce === undefined ? {} : { debounce }),
  };
}

/** The form in which the SDK sends a key outside of runs, so that both find the same run. */
function hashed(key: string): Pick<TriggerOptions, "idempotencyKey" | "idempotencyKeyOptions"> {
  if (/^[0-9a-f]{64}$/.test(key)) return { idempotencyKey: key };
  const idempotencyKey = createHash("sha256").update(key).digest("hex");
  return { idempotencyKey, idempotencyKeyOptions: { key, scope: "global" } };
}

function delay(text: string): string {
  return checked(delaySchema, text, "Give a duration from now, such as 10m or 1d12h, or an ISO date.");
}

function ttl(text: string): string {
  return checked(ttlSchema, text, "Give a duration such as 10m or 1h30m.");
}

function concurrencyKey(text: string): string {
  return checked(concurrencyKeySchema, text, "Give a text of at most 256 characters.");
}

function priority(text: string): number {
  const seconds = text.trim() === "" ? Number.NaN : Number(text);
  return checked(prioritySchema, seconds, "Give a number of seconds from 0 to 2,592,000, which is 30 days.");
}

function idempotencyKey(text: string): string {
  if (text !== "" && text.length <= maxIdempotencyKeyLength) return text;
  throw new InvalidArgumentError(`Give a text of 1 to ${maxIdempotencyKeyLength} characters.`);
}

function tag(text: string, before: readonly string[] = []): readonly string[] {
  return checked(tagsSchema, [...before, text], "Give at most 10 tags, each of 1 to 128 characters.");
}

/** The key may have colons of its own. */
function debounce(text: string): { readonly key: string; readonly delay: string } {
  const colon = text.lastIndexOf(":");
  const options = { debounce: { key: text.slice(0, Math.max(colon, 0)), delay: text.slice(colon + 1) } };
  const hint = "Give a key and a delay of a second or more, such as product-7:5s.";
  return checked(triggerOptionsSchema, options, hint).debounce;
}

function checked<T>(schema: z.ZodType, value: T, hint: string): T {
  if (schema.safeParse(value).success) return value;
  throw new InvalidArgumentError(hint);
}
