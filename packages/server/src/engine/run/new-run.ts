import { randomBytes } from "node:crypto";
import type { WireTriggerOptions } from "@pawl/contract/api/trigger";
import { newUuid } from "@pawl/contract/ids";
import type { TriggerRequest } from "../engine.ts";
import type { NewIdempotencyKey, NewRun } from "../ports.ts";

/** How long an idempotency key lives unless its caller says, in seconds: 30 days. */
export const defaultIdempotencyLifeS = 30 * 24 * 3_600;

/**
 * Makes a whole run of a request: the one place where the defaults of a run stand.
 *
 * @param request - what its caller says
 * @returns the run, with an id and a trace id of its own where the caller has none
 */
export function newRun(request: TriggerRequest): NewRun {
  return {
    id: newUuid(),
    traceId: randomBytes(16).toString("hex"),
    maxAttempts: null,
    tags: [],
    isTest: false,
    requestKey: null,
    batchId: null,
    batchIndex: null,
    triggerFunction: "trigger",
    delay: null,
    ttlS: null,
    queueName: null,
    concurrencyKey: "",
    priorityS: 0,
    idempotency: null,
    maxDurationS: null,
    metadata: null,
    machine: null,
    region: null,
    lockToVersion: null,
    parent: null,
    replayOf: null,
    fire: null,
    debounce: null,
    bulkActionId: null,
    ...request,
  };
}

/**
 * Reads what the options of a trigger call say of its run, apart from its parent.
 *
 * @param options - the options as parsed
 * @returns the fields of the run that they set
 */
export function optionsOfRun(options: WireTriggerOptions): Partial<NewRun> {
  return {
    maxAttempts: options.maxAttempts ?? null,
    tags: options.tags ?? [],
    isTest: options.test ?? false,
    delay: options.delay ?? null,
    debounce: options.debounce ?? null,
    ttlS: options.ttl ?? null,
    queueName: options.queue?.name ?? null,
    concurrencyKey: options.concurrencyKey ?? "",
    priorityS: options.priority ?? 0,
    idempotency: idempotencyOf(options),
    maxDurationS: options.maxDuration ?? null,
    metadata: options.metadata === undefined ? null : JSON.stringify(options.metadata),
    machine: options.machine ?? null,
    region: options.region ?? null,
    lockToVersion: options.lockToVersion ?? null,
  };
}

function idempotencyOf(options: WireTriggerOptions): NewIdempotencyKey | null {
  const { idempotencyKey: key, idempotencyKeyTTL: lifeMs, idempotencyKeyOptions: source } = options;
  if (key === undefined) return null;
  return {
    key,
    lifeS: lifeMs === undefined ? defaultIdempotencyLifeS : lifeMs / 1_000,
    source: source?.key ?? null,
    scope: source?.scope ?? null,
  };
}
