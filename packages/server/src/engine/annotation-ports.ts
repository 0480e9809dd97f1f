import type { Metadata, MetadataOperation } from "@pawl/contract/metadata-operations";

/** What became of a change of metadata. */
export type MetadataOutcome =
  | { readonly kind: "changed"; readonly metadata: Metadata }
  | { readonly kind: "too_large" }
  | { readonly kind: "not_found" };

/** What callers attach to a run after it was made: tags and metadata. */
export interface AnnotationStore {
  /** Adds tags that the run does not have; none when they would be too many. */
  addTags(environmentId: string, runId: string, tags: readonly string[]): Promise<"added" | "too_many" | "not_found">;
  /** The runs above a run, which is its own where there is none; null when there is no such run. */
  ancestors(
    environmentId: string,
    runId: string,
  ): Promise<{ readonly parentRunId: string; readonly rootRunId: string } | null>;
  /** Changes made at the same time are all kept, in any order. */
  changeMetadata(
    environmentId: string,
    runId: string,
    operations: readonly MetadataOperation[],
  ): Promise<MetadataOutcome>;
}
