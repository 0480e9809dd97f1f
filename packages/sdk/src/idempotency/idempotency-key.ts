import type { ActiveRun } from "../runtime.ts";
import { sha256 } from "./sha256.ts";

declare const brand: unique symbol;

/** A key made by `idempotencyKeys.create`: the hash of what it was made of. */
export type IdempotencyKey = string & { readonly [brand]: true };

/** Where a key is the same: in one run and all its attempts, in one attempt, or in the whole environment. */
export type IdempotencyKeyScope = "run" | "attempt" | "global";

/** A key as callers write it: text, several texts, or what `idempotencyKeys.create` gave. */
export type IdempotencyKeyInput = string | readonly string[] | IdempotencyKey;

/** A key in the form of the API. */
export interface WireKey {
  /** 64 hexadecimal digits. */
  readonly idempotencyKey: string;
  /** The key as it was written, to be shown again; absent for a hash that nobody here made. */
  readonly idempotencyKeyOptions?: { readonly key: string; readonly scope: IdempotencyKeyScope };
}

/** What a key with a scope is made of. */
export interface KeyMaterial {
  readonly key: string | readonly string[];
  readonly scope: IdempotencyKeyScope;
  /** The run that a key of scope `run` or `attempt` belongs to. */
  readonly run: Pick<ActiveRun, "runId" | "attempt"> | null;
}

const maxLength = 2_048;
const hashPattern = /^[0-9a-f]{64}$/;

// A key is a text, which can carry nothing; so what it was made of is kept here. All copies of the SDK share it.
const sourcesSymbol = Symbol.for("pawl.idempotencyKeys.1");
const maxSources = 10_000;

interface Holder {
  [sourcesSymbol]?: Map<string, NonNullable<WireKey["idempotencyKeyOptions"]>>;
}

const holder = globalThis as Holder; // the symbol is ours alone
holder[sourcesSymbol] ??= new Map();
const sources = holder[sourcesSymbol];

/**
 * Makes the hash of a key in its scope: SHA-256 of its parts and those of the scope, joined by hyphens.
 *
 * @param material - the key, its scope, and the run it is used in; outside of a run the scopes add nothing
 * @returns the key in the form of the API
 * @throws TypeError when the key is empty, too long, or no text
 * @example
 * ```ts
 * (await hashKey({ key: "abc", scope: "global", run: null })).idempotencyKey; // "ba7816bf…15ad"
 * ```
 */
export async function hashKey({ key, scope, run }: KeyMaterial): Promise<WireKey & { idempotencyKey: IdempotencyKey }> {
  const parts = typeof key === "string" ? [key] : key;
  const text = textOf(parts);
  const suffix: string[] = [];
  if (run !== null && scope !== "global") suffix.push(run.runId);
  if (run !== null && scope === "attempt") suffix.push(String(run.attempt));
  const hash = await sha256([...parts, ...suffix].join("-"));
  const source = { key: text, scope };
  remember(hash, source);
  return { idempotencyKey: hash as IdempotencyKey, idempotencyKeyOptions: source }; // made here
}

/**
 * Brings a key as callers write it into the form of the API. What is a hash already stays as it is.
 *
 * @param key - the key
 * @param scope - the scope of plain text, and the run for it
 * @returns the key in the form of the API
 * @throws TypeError when the key is empty, too long, or no text
 * @example
 * ```ts
 * await toWireKey("abc", { scope: "global", run: null });
 * ```
 */
export async function toWireKey(key: IdempotencyKeyInput, scope: Omit<KeyMaterial, "key">): Promise<WireKey> {
  if (typeof key !== "string" || !isHash(key)) return hashKey({ key, ...scope });
  const source = sources.get(key);
  return source === undefined ? { idempotencyKey: key } : { idempotencyKey: key, idempotencyKeyOptions: source };
}

/**
 * Says whether a key is a hash already, and so belongs to whatever scope it was made for.
 *
 * @param key - the key
 * @returns true for 64 hexadecimal digits
 * @example
 * ```ts
 * isHash("abc"); // false
 * ```
 */
export function isHash(key: string): boolean {
  return hashPattern.test(key);
}

function textOf(parts: readonly string[]): string {
  if (!Array.isArray(parts) || parts.length === 0 || !parts.every((part) => typeof part === "string")) {
    throw new TypeError("An idempotency key is a text, or an array of texts.");
  }
  const text = parts.join("-");
  if (text === "") throw new TypeError("An idempotency key must not be empty.");
  if (text.length > maxLength) {
    throw new TypeError(`An idempotency key has at most ${maxLength} characters; this one has ${text.length}.`);
  }
  return text;
}

/** Keeps what was used last; a key whose source is forgotten works all the same. */
function remember(hash: string, source: NonNullable<WireKey["idempotencyKeyOptions"]>): void {
  sources.delete(hash);
  sources.set(hash, source);
  if (sources.size <= maxSources) return;
  const [oldest] = sources.keys();
  if (oldest !== undefined) sources.delete(oldest);
}
