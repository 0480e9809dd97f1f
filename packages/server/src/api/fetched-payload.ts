import type { BlobStore } from "../engine/blob-ports.ts";
import type { TriggerRequest } from "../engine/engine.ts";
import { ApiError } from "./errors.ts";
import { toStoredPayload } from "./payload.ts";

/** What of a request says its payload. */
type WithPayload = Pick<TriggerRequest, "payload" | "payloadType">;

/**
 * Puts the text of a payload that was sent ahead in the place of its path.
 *
 * @param blobs - where it was sent to
 * @param environmentId - whose blob it is
 * @param request - whose payload may be a path
 * @param field - the name of the payload's field, for messages
 * @returns the request with its payload
 * @throws ApiError `unprocessable` when there is no blob of that path, `payload_too_large` when it is too long for a payload
 */
export async function withFetchedPayload<T extends WithPayload>(
  blobs: Pick<BlobStore, "get">,
  environmentId: string,
  request: T,
  field: string,
): Promise<T> {
  if (request.payloadType !== "application/store") return request;
  const blob = await blobs.get(environmentId, request.payload ?? "");
  if (blob !== null) return { ...request, ...toStoredPayload(blob.text, blob.type, field) };
  throw new ApiError(
    "unprocessable",
    `${field}: nothing was stored under ${String(request.payload).slice(0, 128)}, or it was a day ago. Ask for an address with PUT /api/v2/packets/:path, and send the payload there first.`,
    field,
  );
}
