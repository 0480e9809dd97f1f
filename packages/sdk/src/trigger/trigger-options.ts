import { debounceBesideDelay, readDebounce } from "@pawl/contract/debounce";
import { parseDuration } from "@pawl/contract/duration";
import { pathToLost } from "@pawl/contract/lost-values";
import type { RunCall } from "@pawl/contract/worker-protocol";
import { environmentVariable } from "../client/node-modules.ts";
import { badRequest } from "../errors/bad-request.ts";
import { toWireKey, type WireKey } from "../idempotency/idempotency-key.ts";
import { isMachine, machineNames } from "../options/machine.ts";
import { checkOptionNames } from "../options/option-names.ts";
import type { TriggerOptions } from "../tasks/task-types.ts";

/** The options of a trigger in the form of the API. */
export type WireTriggerOptions = Extract<RunCall, { kind: "trigger" }>["options"];

const maxMetadataBytes = 256 * 1024;

/** What decides about the options of a trigger apart from themselves. */
export interface OptionsPlace {
  /** What is triggered, for messages: `task mail.send`. */
  readonly subject: string;
  /** Whether the caller waits for the run: it is locked to the caller's version then. */
  readonly isAwaited: boolean;
  /** Whether it is an item of a batch: what the server can refuse is that item's error, and fails not the whole batch. */
  readonly isItem?: boolean;
  /** For an item of a batch that has a key: the item's own, unless its options have one. */
  readonly batchKey?: WireKey & { readonly idempotencyKeyTTL?: string | undefined };
}

/**
 * Checks trigger options and brings them into the form of the API.
 *
 * @param options - the options of the call
 * @param place - what they belong to
 * @returns the options, without those that are not given
 * @throws BadRequestError that names the option which can't be right
 * @example
 * ```ts
 * await toWireOptions({ delay: "1h", queue: "mail" }, { subject: "task t", isAwaited: false });
 * // { delay: "1h", queue: { name: "mail" } }
 * ```
 */
export async function toWireOptions(
  options: TriggerOptions | undefined,
  place: OptionsPlace,
): Promise<WireTriggerOptions> {
  const given = options ?? {};
  check(given, place);
  const own = given.idempotencyKey;
  const key: OptionsPlace["batchKey"] =
    own === undefined ? place.batchKey : await toWireKey(own, { scope: "global", run: null });
  const { delay, queue, tags } = given;
  return withoutUndefined({
    delay: delay instanceof Date ? delay.toISOString() : delay,
    debounce: given.debounce,
    ttl: given.ttl,
    queue: queue === undefined ? undefined : { name: queue },
    concurrencyKey: given.concurrencyKey,
    priority: given.priority,
    maxAttempts: given.maxAttempts,
    maxDuration: given.maxDuration,
    tags: typeof tags === "object" ? [...tags] : tags,
    metadata: given.metadata,
    machine: given.machine,
    region: given.region,
    idempotencyKey: key?.idempotencyKey,
    idempotencyKeyOptions: key?.idempotencyKeyOptions,
    idempotencyKeyTTL: given.idempotencyKeyTTL ?? key?.idempotencyKeyTTL,
    lockToVersion: place.isAwaited ? undefined : (given.version ?? environmentVariable("TRIGGER_VERSION")),
  });
}

/**
 * Leaves out what is `undefined`.
 *
 * @param record - an object
 * @returns a copy without those fields
 * @example
 * ```ts
 * withoutUndefined({ a: 1, b: undefined }); // { a: 1 }
 * ```
 */
export function withoutUndefined<TRecord extends object>(record: TRecord): TRecord {
  // A field that may be undefined may also be absent.
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as TRecord;
}

/**
 * Checks a time to come: a duration, an ISO date, or a `Date`.
 *
 * @param value - the value
 * @returns whether it is one
 * @example
 * ```ts
 * isTime("1h30m"); // true
 * ```
 */
export function isTime(value: unknown): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  if (typeof value !== "string") return false;
  return isDuration(value) || (/^\d{4}-/.test(value) && !Number.isNaN(new Date(value).getTime()));
}

const isDuration = (value: unknown): boolean => typeof value === "string" && parseDuration(value) !== null;

/**
 * Checks how long an idempotency key is to be kept.
 *
 * @param life - the duration; undefined is none
 * @param subject - what it belongs to, for messages
 * @throws BadRequestError when it is no duration
 * @example
 * ```ts
 * checkKeyLife("2h", "the batch");
 * ```
 */
export function checkKeyLife(life: string | undefined, subject: string): void {
  if (life !== undefined) checkOption("idempotencyKeyTTL", life, subject);
}

/** What each option must be, and how to say so. The server knows the rest. */
const rules: { readonly [K in keyof TriggerOptions]-?: readonly [(value: unknown) => boolean, string] } = {
  debounce: [isPlainObject, 'an object such as { key: "user:1", delay: "5s" }'],
  delay: [isTime, "a duration such as 1h30m, an ISO date or a valid Date"],
  ttl: [(ttl) => isDuration(ttl) || isNumber(ttl, 0), "a duration such as 10m, or a number of seconds from 0"],
  idempotencyKey: [isKey, "a text of 1 to 2,048 characters, or an array of texts"],
  idempotencyKeyTTL: [isDuration, "a duration such as 60s, 5m, 2h or 3d"],
  queue: [(queue) => isText(queue, 1, 128), 'the name of a queue, such as "mail"'],
  concurrencyKey: [(key) => isText(key, 0, 256), "a text of at most 256 characters"],
  priority: [(priority) => isNumber(priority, 0), "a number of seconds from 0"],
  maxAttempts: [(count) => Number.isInteger(count) && isNumber(count, 1, 250), "a whole number from 1 to 250"],
  maxDuration: [(seconds) => isNumber(seconds, 0) && seconds !== 0, "a number of seconds above 0"],
  tags: [isTags, "at most ten texts, each of 1 to 128 characters"],
  metadata: [isPlainObject, "an object"],
  machine: [isMachine, machineNames],
  region: [(region) => isText(region, 1, 128), "the name of a region"],
  version: [(version) => isText(version, 1, 64), "a version, such as 20250228.1"],
};

const names = Object.fromEntries(Object.keys(rules).map((name) => [name, true as const]));

function check(options: TriggerOptions, { subject, isItem = false }: OptionsPlace): void {
  checkOptionNames(`Triggering ${subject}`, options, names);
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && (!isItem || isChangedByJson(value))) checkOption(name, value, subject);
  }
  if (options.metadata !== undefined) checkMetadata(options.metadata, subject, isItem);
  if (options.debounce !== undefined && !isItem) checkDebounce(options, subject);
}

/** Whether a value would arrive as another one, or not at all, if it is not what it should be. */
function isChangedByJson(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  return value instanceof Date || !["object", "string", "boolean"].includes(typeof value);
}

function checkOption(name: string, value: unknown, subject: string): void {
  const rule = Object.hasOwn(rules, name) ? rules[name as keyof TriggerOptions] : undefined; // checked on its left
  if (rule === undefined || rule[0](value)) return;
  throw badRequest(`options.${name}`, `The option ${name} for ${subject} must be ${rule[1]}, not ${shown(value)}.`);
}

function checkMetadata(metadata: Readonly<Record<string, unknown>>, subject: string, isItem: boolean): void {
  const lost = pathToLost(metadata);
  if (lost !== null) {
    const message = `The option metadata for ${subject} holds ${lost.kind} at ${lost.path}: JSON can't carry it.`;
    throw badRequest("options.metadata", message);
  }
  const bytes = isItem ? 0 : new TextEncoder().encode(JSON.stringify(metadata)).length;
  if (bytes <= maxMetadataBytes) return;
  const size = `has ${Math.ceil(bytes / 1024)} KB; at most ${maxMetadataBytes / 1024} KB can be kept`;
  throw badRequest("options.metadata", `The option metadata for ${subject} ${size}.`);
}

function checkDebounce({ debounce, delay }: TriggerOptions, subject: string): void {
  if (delay !== undefined) {
    throw badRequest("options.debounce", `The option debounce for ${subject} ${debounceBesideDelay}.`);
  }
  const read = readDebounce(debounce);
  if (!("problem" in read) || read.field === "") return;
  const { field, problem } = read;
  const message = `The option debounce.${field} for ${subject} ${problem}, not ${shown(debounce?.[field])}.`;
  throw badRequest(`options.debounce.${field}`, message);
}

function isNumber(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return typeof value === "number" && value >= min && value <= max;
}

function isText(value: unknown, minLength: number, maxLength: number): boolean {
  return typeof value === "string" && value.length >= minLength && value.length <= maxLength;
}

/**
 * Checks tags: one, or at most ten.
 *
 * @param value - the value
 * @returns whether they can be tags
 * @example
 * ```ts
 * isTags(["user:1"]); // true
 * ```
 */
export function isTags(value: unknown): boolean {
  if (typeof value === "string") return isText(value, 1, 128);
  return Array.isArray(value) && value.length <= 10 && value.every((tag) => isText(tag, 1, 128));
}

function isKey(value: unknown): boolean {
  const parts = Array.isArray(value) ? value : [value];
  return parts.every((part) => typeof part === "string") && isText(parts.join("-"), 1, 2_048);
}

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in a message: short, and never a reason for another error. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 50 ? `${value.slice(0, 50)}…` : value);
  if (value instanceof Date) return "an invalid Date";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : `an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
