import { changeMetadataBodySchema } from "@pawl/contract/api/annotations";
import type { MetadataOperation } from "@pawl/contract/metadata-operations";
import { type PacketType, readPacket } from "@pawl/contract/packet";
import type { AnnotationStore } from "../engine/annotation-ports.ts";

/**
 * Applies the changes of metadata that a run had not sent when its attempt ended. Changes that can't be read or have no room are
 * left out: they are no reason to keep an attempt from ending.
 *
 * @param annotations - keeps metadata
 * @param environmentId - the environment of the run
 * @param runId - the run
 * @param flushed - the changes as the worker wrote them
 */
export async function applyFlushedMetadata(
  annotations: AnnotationStore,
  environmentId: string,
  runId: string,
  flushed: { readonly data?: string | null | undefined; readonly dataType: string } | null | undefined,
): Promise<void> {
  const changes = readChanges(flushed?.data ?? undefined, flushed?.dataType ?? "");
  if (changes === null) return;
  const above = await annotations.ancestors(environmentId, runId);
  if (above === null) return;
  const change = async (id: string, operations: readonly MetadataOperation[] = []) => {
    if (operations.length > 0) await annotations.changeMetadata(environmentId, id, operations);
  };
  await change(above.parentRunId, changes.parentOperations);
  await change(above.rootRunId, changes.rootOperations);
  await change(runId, changes.operations);
}

function readChanges(text: string | undefined, type: string) {
  if (text === undefined) return null;
  try {
    const value = readPacket({ text, type: type as PacketType }); // another type reads as nothing
    return changeMetadataBodySchema.safeParse(value).data ?? null;
  } catch {
    return null;
  }
}
