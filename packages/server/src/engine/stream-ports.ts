import type { Delay } from "@pawl/contract/api/trigger";
import type { WaitIdempotency } from "./wait-ports.ts";

// What the engine and the readers of streams need of the store.

/** The longest chunk, in bytes of its JSON. */
export const maxChunkBytes = 1024 * 1024;

/** The most that one stream holds, in bytes. */
export const maxStreamBytes = 300 * 1024 * 1024;

/** The most streams of one run, with those that are sent to it. */
export const maxStreams = 100;

/** A stream of a run. */
export interface StreamRef {
  readonly environmentId: string;
  readonly runId: string;
  /** Whether it is sent to the run. */
  readonly isInput: boolean;
  readonly key: string;
}

/** Chunks about to be added to a stream, which is made where there is none. */
export interface StreamAppend extends StreamRef {
  /** JSON texts, each in one line. */
  readonly chunks: readonly string[];
  /** Who counts the chunks that he sends, so that what comes twice is stored once; null: nobody does. */
  readonly writer: { readonly clientId: string; readonly firstIndex: number } | null;
}

/** A chunk of a stream. */
export interface StreamRecord {
  /** Counts from 0 without a gap. */
  readonly seq: number;
  readonly at: Date;
  /** JSON, in one line. */
  readonly data: string;
}

/** What became of an append. */
export type AppendOutcome =
  | {
      readonly kind: "appended";
      /** What is new: without the chunks that were there. */
      readonly records: readonly StreamRecord[];
    }
  | { readonly kind: "run_over" }
  /** Some of it may have found room. */
  | { readonly kind: "full"; readonly records: readonly StreamRecord[] }
  | { readonly kind: "too_many_streams" };

/** What an array of appends did. */
export interface AppendsOutcome {
  /** In their order. */
  readonly outcomes: readonly AppendOutcome[];
  /** Whether runs that waited for a record go on. */
  readonly hasResumed: boolean;
}

/** A wait for a record of an input stream. */
export interface InputWait {
  readonly environmentId: string;
  readonly runId: string;
  readonly key: string;
  /** The record that completes it. */
  readonly seq: number;
  readonly timeout: Delay | null;
  readonly tags: readonly string[];
  readonly idempotency: WaitIdempotency | null;
}

/** What became of an {@link InputWait}: a token. */
export type InputWaitOutcome =
  | {
      readonly kind: "made";
      readonly waitpointId: string;
      /** Whether it was there before, by its idempotency key. */
      readonly isCached: boolean;
      /** In how many milliseconds a new one times out. */
      readonly nextDueInMs: number | null;
    }
  | { readonly kind: "run_over" }
  | { readonly kind: "too_many_streams" };

/** Streams, as the engine writes them. */
export interface StreamStore {
  /**
   * Adds chunks to streams of one environment; those of one append stand together, in their order. A record that somebody waits for
   * completes his wait. After the end of a run has committed nothing is added to what it gives.
   */
  append(environmentId: string, appends: readonly StreamAppend[]): Promise<AppendsOutcome>;
  /** Makes a stream without chunks; one that is there stays. */
  create(ref: StreamRef): Promise<"made" | "run_over" | "too_many_streams">;
  /** Makes a token that a record completes; one that is there already does so at once. */
  createInputWait(wait: InputWait): Promise<InputWaitOutcome>;
}

/** Streams, as readers get them. */
export interface StreamReader {
  /** The chunks after one, in their order: about a megabyte of them at most. */
  read(ref: StreamRef, afterSeq: number): Promise<readonly StreamRecord[]>;
  /** How many chunks there are. */
  count(ref: StreamRef): Promise<number>;
  /** How many chunks of a writer are stored; 0: none, or there is no such writer. */
  writtenBy(ref: StreamRef, clientId: string): Promise<number>;
  /** Those of the runs that have ended. */
  ended(environmentId: string, runIds: readonly string[]): Promise<readonly string[]>;
}
