import type { TriggerBody } from "@pawl/contract/api/trigger";
import type { TriggerRequest } from "../engine/engine.ts";
import { ApiError } from "./errors.ts";
import { toStoredPayload } from "./payload.ts";
import { refuseNul } from "./validation.ts";

/** The longest id of a task, in characters. */
export const maxTaskIdLength = 128;
const noTags: readonly string[] = [];

/** Where a run belongs, apart from what its caller says of it. */
export interface RunPlace {
  readonly environmentId: string;
  readonly requestKey: string | null;
  readonly batchId: string | null;
  readonly batchIndex: number | null;
}

/**
 * Makes the engine's request of a trigger call or of a line of a batch.
 *
 * @param taskId - the task to run
 * @param body - its payload and options, parsed
 * @param place - environment, request key and batch
 * @param prefix - goes before the names of fields in messages, such as `items.3.`
 * @returns the request
 * @throws ApiError that names the field which is wrong
 */
export function toTriggerRequest(taskId: string, body: TriggerBody, place: RunPlace, prefix = ""): TriggerRequest {
  if (taskId === "" || taskId.length > maxTaskIdLength) {
    throw new ApiError(
      "invalid_request",
      `${prefix}task: a task id has 1 to ${maxTaskIdLength} characters.`,
      `${prefix}task`,
    );
  }
  refuseNul(taskId, `${prefix}task`);
  const options = body.options;
  const { payload, payloadType } = toStoredPayload(body.payload, options?.payloadType, `${prefix}payload`);
  const tags = options?.tags ?? noTags;
  for (const tag of tags) refuseNul(tag, `${prefix}options.tags`);
  return {
    environmentId: place.environmentId,
    taskId,
    payload,
    payloadType,
    maxAttempts: options?.maxAttempts ?? null,
    tags,
    isTest: options?.test ?? false,
    requestKey: place.requestKey,
    batchId: place.batchId,
    batchIndex: place.batchIndex,
  };
}
