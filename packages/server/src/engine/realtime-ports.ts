import type { RunRecordWithPackets } from "./read-ports.ts";

// What live readers need of the store.

/** Which runs a live reader follows. */
export type RunSelection =
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "batch"; readonly batchId: string }
  /** Runs with all of these tags that were made since. */
  | { readonly kind: "tags"; readonly tags: readonly string[]; readonly since: Date };

/** A text for each run that changes whenever anything of the run does. */
export type RunVersions = ReadonlyMap<string, string>;

/** Finds out what has changed. */
export interface RealtimeReader {
  /** The runs of a selection, by their ids, at most a thousand: of a batch the first, of tags the newest. */
  select(environmentId: string, selection: RunSelection): Promise<readonly string[]>;
  /** The versions of those runs that are not as they are known; runs that are gone are left out. */
  changed(environmentId: string, known: RunVersions): Promise<RunVersions>;
  /** The runs themselves, in any order. */
  read(environmentId: string, runIds: readonly string[]): Promise<readonly RunRecordWithPackets[]>;
}
