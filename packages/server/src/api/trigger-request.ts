import { type TriggerBody, triggerOptionsSchema, type WireTriggerOptions } from "@pawl/contract/api/trigger";
import type { TriggerRequest } from "../engine/engine.ts";
import type { Environment, NewRunParent } from "../engine/ports.ts";
import { optionsOfRun } from "../engine/run/new-run.ts";
import { ApiError } from "./errors.ts";
import { toStoredPayload } from "./payload.ts";
import { regionOf } from "./region.ts";
import { refuseNul } from "./validation.ts";

/** The longest id of a task, in characters. */
export const maxTaskIdLength = 128;

/** The options of a call that has none. */
export const noOptions: WireTriggerOptions = triggerOptionsSchema.parse({});

/** Where a run belongs, apart from what its caller says of it. */
export interface RunPlace {
  readonly environment: Environment;
  readonly requestKey: string | null;
  readonly batchId: string | null;
  readonly batchIndex: number | null;
  readonly parent: NewRunParent | null;
  /** Whether the parent waits for it, alone or as a part of its batch. */
  readonly isAwaited: boolean;
}

/**
 * Makes the engine's request of a trigger call or of a line of a batch.
 *
 * @param taskId - the task to run
 * @param body - its payload and options, parsed
 * @param place - environment, request key, batch and parent
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
  const { payload, payloadType } = toStoredPayload(body.payload, body.options?.payloadType, `${prefix}payload`);
  const kind = place.batchId === null ? "trigger" : "batchTrigger";
  return {
    environmentId: place.environment.id,
    taskId,
    payload,
    payloadType,
    requestKey: place.requestKey,
    batchId: place.batchId,
    batchIndex: place.batchIndex,
    triggerFunction: place.isAwaited ? `${kind}AndWait` : kind,
    parent: place.parent,
    ...(body.options === undefined ? {} : checkedOptions(body.options, place.environment, `${prefix}options.`)),
  };
}

/**
 * Checks what the schema can't tell of the options of a run, and reads them.
 *
 * @param options - the options as parsed
 * @param environment - where the run is to be
 * @param prefix - goes before the names of fields in messages
 * @returns what they say of the run
 * @throws ApiError that names the field which is wrong
 */
export function checkedOptions(
  options: WireTriggerOptions,
  environment: Environment,
  prefix: string,
): Partial<TriggerRequest> {
  for (const tag of options.tags ?? []) refuseNul(tag, `${prefix}tags`);
  for (const name of ["concurrencyKey", "idempotencyKey", "lockToVersion"] as const) {
    const text = options[name];
    if (text !== undefined) refuseNul(text, `${prefix}${name}`);
  }
  if (options.debounce !== undefined) refuseNul(options.debounce.key, `${prefix}debounce.key`);
  if (options.queue !== undefined) refuseNul(options.queue.name, `${prefix}queue.name`);
  if (options.idempotencyKeyOptions !== undefined) {
    refuseNul(options.idempotencyKeyOptions.key, `${prefix}idempotencyKeyOptions.key`);
  }
  return { ...optionsOfRun(options), region: regionOf(options.region, environment, `${prefix}region`) };
}
