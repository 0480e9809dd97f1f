import { type ApiPromise, apiPromise } from "../client/api-promise.ts";
import type { ApiAnswer } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { withDates } from "../client/dates.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import type { RetrievedBatch } from "../tasks/batch-types.ts";

/**
 * Gets a batch as it stands now; see `batch.retrieve`.
 *
 * @param batch - its id, or its handle
 * @returns the batch, with the ids of its runs and the items that could not be triggered
 * @throws NotFoundError when there is no such batch
 * @example
 * ```ts
 * const { status, runs } = await retrieveBatch("batch_…");
 * ```
 */
export function retrieveBatch(
  batch: string | { readonly batchId: string },
  requestOptions?: RequestOptions,
): ApiPromise<RetrievedBatch> {
  return apiPromise(async (send) => {
    const id = typeof batch === "string" ? batch : batch.batchId;
    const path = `/api/v2/batches/${encodeURIComponent(id)}`;
    return readBatch(await send({ method: "GET", path, options: requestOptions }));
  });
}

function readBatch(answer: ApiAnswer): RetrievedBatch {
  const body = answer.body as Readonly<Record<string, unknown>> | null; // checked in the next line
  if (typeof body?.id !== "string" || !Array.isArray(body.runs)) throw unexpectedAnswer(answer, "a batch");
  const processing = body.processing as Readonly<Record<string, unknown>> | undefined; // an older server has none
  const dated = withDates(body, ["createdAt", "updatedAt"]);
  // The server answers with what the contract says.
  return {
    ...dated,
    processing: withDates({ errors: [], ...processing }, ["completedAt"]),
  } as unknown as RetrievedBatch;
}
