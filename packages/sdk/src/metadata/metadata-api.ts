import type { Metadata, MetadataOperation } from "@pawl/contract/metadata-operations";
import { metadataPath } from "@pawl/contract/metadata-path";
import { currentRun, runtime } from "../runtime.ts";
import { pipe, type StreamSource } from "../streams/pipe.ts";
import { read } from "../streams/read.ts";
import { resolveTarget } from "../streams/stream-target.ts";
import type { AsyncIterableStream } from "../streams/stream-types.ts";
import { MetadataQueue, type MetadataTarget } from "./metadata-queue.ts";
import { metadataLocalsKey } from "./unsent-metadata.ts";

/** Changes of the metadata of a run. Each gives back what it was called on, so that calls can be chained. Outside of a run they do nothing. */
export interface MetadataUpdater {
  /**
   * Sets a value.
   *
   * @param key - a name, or a path such as `$.steps[0].name`
   * @param value - what JSON can hold, as it is now
   * @throws TypeError when the key is no key, or JSON can't hold the value
   * @example
   * ```ts
   * metadata.set("progress", 0.5).set("$.steps.download", "done");
   * ```
   */
  set(key: string, value: unknown): this;
  /**
   * Takes a key away.
   *
   * @throws TypeError when the key is no key
   * @example
   * ```ts
   * metadata.del("progress");
   * ```
   */
  del(key: string): this;
  /**
   * Adds to an array; what is none becomes the first element of one.
   *
   * @throws TypeError as `set`
   * @example
   * ```ts
   * metadata.append("warnings", "Row 17 has no year");
   * ```
   */
  append(key: string, value: unknown): this;
  /**
   * Takes all that equals the value out of an array.
   *
   * @throws TypeError as `set`
   * @example
   * ```ts
   * metadata.remove("open", "page-3");
   * ```
   */
  remove(key: string, value: unknown): this;
  /**
   * Adds to a number, by default 1; what is none counts as 0. Children that do so at the same time add up.
   *
   * @example
   * ```ts
   * metadata.parent.increment("done");
   * ```
   */
  increment(key: string, by?: number): this;
  /**
   * Takes from a number, by default 1.
   *
   * @example
   * ```ts
   * metadata.decrement("left", 10);
   * ```
   */
  decrement(key: string, by?: number): this;
  /**
   * Puts another object in place of all.
   *
   * @throws TypeError when JSON can't hold it
   * @example
   * ```ts
   * metadata.update({ step: "upload", progress: 0 });
   * ```
   */
  update(value: Readonly<Record<string, unknown>>): this;
  /**
   * Sends a source to a stream of the run. The same as `streams.pipe`, with which new code is written: it says when all is sent.
   *
   * @param key - of the stream, 1 to 128 characters
   * @param source - its chunks
   * @param signal - ends it when it fires
   * @returns the same chunks for this code
   * @throws RunContextError outside of a run
   * @example
   * ```ts
   * for await (const token of await metadata.stream("tokens", completion)) text += token;
   * ```
   */
  stream<T>(key: string, source: StreamSource<T>, signal?: AbortSignal): Promise<AsyncIterableStream<T>>;
}

/** The calls of {@link metadata}. */
export interface MetadataApi extends MetadataUpdater {
  /** The metadata of the parent of the run; of the run itself where it has none. */
  readonly parent: MetadataUpdater;
  /** The metadata of the first of the runs above; of the run itself where there is none. */
  readonly root: MetadataUpdater;
  /**
   * The whole metadata with every change so far; undefined outside of a run.
   *
   * @example
   * ```ts
   * const { progress = 0 } = metadata.current() ?? {};
   * ```
   */
  current(): Readonly<Record<string, unknown>> | undefined;
  /**
   * A value of the metadata.
   *
   * @param key - a name, or a path such as `$.steps[0].name`
   * @returns the value; undefined where there is none, and outside of a run
   * @example
   * ```ts
   * const done = metadata.get("done");
   * ```
   */
  get(key: string): unknown;
  /**
   * The same as `update`.
   *
   * @example
   * ```ts
   * metadata.replace({ step: "upload" });
   * ```
   */
  replace(value: Readonly<Record<string, unknown>>): this;
  /**
   * The same as `update`.
   *
   * @example
   * ```ts
   * metadata.save({ step: "upload" });
   * ```
   */
  save(value: Readonly<Record<string, unknown>>): this;
  /**
   * Sends the changes now. They are sent by themselves within a second, and at the end of the attempt.
   *
   * @throws ApiError when the server refuses them, such as metadata of more than 256 KB; ApiConnectionError without an answer
   * @example
   * ```ts
   * await metadata.set("step", "upload").flush();
   * ```
   */
  flush(): Promise<void>;
  /**
   * Reads the metadata again, as children may have changed it.
   *
   * @returns it; undefined outside of a run
   * @throws ApiError or ApiConnectionError when that fails
   * @example
   * ```ts
   * const done = (await metadata.refresh())?.done;
   * ```
   */
  refresh(): Promise<Readonly<Record<string, unknown>> | undefined>;
  /**
   * Reads a stream of the run itself, such as what a child sends to it. The same as `streams.read` with the id of the run.
   *
   * @param key - of the stream
   * @param signal - ends it when it fires
   * @returns the chunks, until there was none for 60 seconds
   * @throws RunContextError outside of a run
   * @example
   * ```ts
   * for await (const line of await metadata.fetchStream<string>("lines")) console.log(line);
   * ```
   */
  fetchStream<T = unknown>(key: string, signal?: AbortSignal): Promise<AsyncIterableStream<T>>;
}

class Updater implements MetadataUpdater {
  readonly #target: MetadataTarget;

  constructor(target: MetadataTarget) {
    this.#target = target;
  }

  set(key: string, value: unknown): this {
    return this.#add({ type: "set", key: checkedKey(key), value: asJson(value, key) });
  }

  del(key: string): this {
    return this.#add({ type: "delete", key: checkedKey(key) });
  }

  append(key: string, value: unknown): this {
    return this.#add({ type: "append", key: checkedKey(key), value: asJson(value, key) });
  }

  remove(key: string, value: unknown): this {
    return this.#add({ type: "remove", key: checkedKey(key), value: asJson(value, key) });
  }

  increment(key: string, by = 1): this {
    return this.#add({ type: "increment", key: checkedKey(key), value: checkedNumber(by, key) });
  }

  decrement(key: string, by = 1): this {
    return this.#add({ type: "increment", key: checkedKey(key), value: -checkedNumber(by, key) });
  }

  update(value: Readonly<Record<string, unknown>>): this {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new TypeError("Metadata is an object, such as { progress: 0.5 }.");
    }
    return this.#add({ type: "update", value: asJson(value, "metadata") as Metadata }); // an object stays one in JSON
  }

  async stream<T>(key: string, source: StreamSource<T>, signal?: AbortSignal): Promise<AsyncIterableStream<T>> {
    const options = { target: this.#target, ...(signal === undefined ? {} : { signal }) };
    return pipe(key, source, options, "metadata.stream").stream;
  }

  #add(operation: MetadataOperation): this {
    queueOfRun()?.add(this.#target, operation);
    return this;
  }
}

class OwnMetadata extends Updater implements MetadataApi {
  readonly parent = new Updater("parent");
  readonly root = new Updater("root");

  constructor() {
    super("self");
  }

  current(): Metadata | undefined {
    return queueOfRun()?.current;
  }

  get(key: string): unknown {
    const path = metadataPath(key);
    let value: unknown = this.current();
    for (const step of path ?? []) {
      const isThere = typeof value === "object" && value !== null && Object.hasOwn(value, step);
      value = isThere ? (value as Record<string | number, unknown>)[step] : undefined;
    }
    return path === null ? undefined : value;
  }

  replace(value: Readonly<Record<string, unknown>>): this {
    return this.update(value);
  }

  save(value: Readonly<Record<string, unknown>>): this {
    return this.update(value);
  }

  async flush(): Promise<void> {
    await queueOfRun()?.flush();
  }

  async refresh(): Promise<Metadata | undefined> {
    return queueOfRun()?.refresh();
  }

  async fetchStream<T = unknown>(key: string, signal?: AbortSignal): Promise<AsyncIterableStream<T>> {
    const { runId } = resolveTarget("metadata.fetchStream");
    return read<T>(runId, key, signal === undefined ? {} : { signal });
  }
}

/**
 * What a run tells its readers while it executes: progress, counts, states. It is read with `runs.retrieve`, and shown live.
 *
 * @example
 * ```ts
 * metadata.set("total", rows.length);
 * for (const row of rows) {
 *   await importRow(row);
 *   metadata.increment("done");
 * }
 * ```
 */
export const metadata: MetadataApi = new OwnMetadata();

function checkedKey(key: string): string {
  if (typeof key === "string" && metadataPath(key) !== null) return key;
  throw new TypeError(`"${String(key)}" is no key of metadata: write a name, or a path such as $.steps[0].name.`);
}

function checkedNumber(by: number, key: string): number {
  if (Number.isFinite(by)) return by;
  throw new TypeError(`The metadata "${key}" can't be changed by ${by}.`);
}

/** As JSON has it: what is kept does not change with what was given, and dates are texts. */
function asJson(value: unknown, key: string): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new TypeError(`JSON can't hold the value for "${key}" of metadata.`, { cause: error });
  }
  if (text === undefined) throw new TypeError(`JSON can't hold the value for "${key}" of metadata, a ${typeof value}.`);
  return JSON.parse(text);
}

/** The queue of the run that the code belongs to, made at its first use; null outside of a run. */
function queueOfRun(): MetadataQueue | null {
  const current = currentRun();
  if (current.kind !== "run") return null;
  const cell = runtime().context?.getStore();
  if (cell === undefined) return null;
  cell.locals ??= new Map();
  const known = cell.locals.get(metadataLocalsKey) as MetadataQueue | undefined; // kept by the line below
  if (known !== undefined) return known;
  const { run } = current;
  const queue = new MetadataQueue(run, run.metadata === undefined ? {} : (JSON.parse(run.metadata) as Metadata)); // stored as an object
  cell.locals.set(metadataLocalsKey, queue);
  cell.metadata = () => JSON.stringify(queue.current);
  cell.atEnd ??= [];
  cell.atEnd.push(() => queue.flushAtEnd());
  return queue;
}
