import type { Delay } from "@pawl/contract/api/trigger";
import { parseDuration } from "@pawl/contract/duration";
import type { ParsedRunCall } from "@pawl/contract/worker-protocol";
import type { BatchRequest, TriggerRequest } from "../engine.ts";
import type { Claim, NewRunParent } from "../ports.ts";
import type { NewWait, WaitIdempotency } from "../wait-ports.ts";
import { defaultIdempotencyLifeS, optionsOfRun } from "./new-run.ts";
import type { Refusal } from "./refusal.ts";

// What a call of a run asks for, in the form of the engine.

/** A call that can't be meant as it is written. */
export class WrongCall extends Error {
  readonly refusal: Refusal;

  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.refusal = { code: "invalid_request", message: this.message, field };
  }
}

/** The claim of a run that calls, and the number of the call, which counts up for its host. */
interface Calling extends Claim {
  readonly call: number;
}

/** The host that the call came from. */
interface CallingHost {
  readonly id: string;
  readonly environmentId: string;
}

/** What a call of one kind says. */
type Request<Kind extends ParsedRunCall["kind"]> = Extract<ParsedRunCall, { kind: Kind }>;

/**
 * Makes the request for a run that code of another run triggers.
 *
 * @param calling - who calls
 * @param request - what the call says
 * @param host - where it came from
 * @returns the request
 */
export function triggerOf(calling: Calling, request: Request<"trigger">, host: CallingHost): TriggerRequest {
  const { taskId, payload, options, wait } = request;
  return {
    ...optionsOfRun(options),
    environmentId: host.environmentId,
    taskId,
    payload: payload ?? null,
    payloadType: options.payloadType ?? "application/json",
    triggerFunction: wait === undefined ? "trigger" : "triggerAndWait",
    requestKey: wait === undefined ? requestKeyOf(calling, host) : null,
    parent: parentOf(calling, wait, host),
  };
}

/**
 * Makes the request for a batch that code of a run makes.
 *
 * @param calling - who calls
 * @param request - what the call says
 * @param host - where it came from
 * @returns the request
 * @throws WrongCall where a text is no duration
 */
export function batchOf(calling: Calling, request: Request<"batch">, host: CallingHost): BatchRequest {
  const { runCount, wait } = request;
  return {
    environmentId: host.environmentId,
    runCount,
    requestKey: wait === undefined ? requestKeyOf(calling, host) : null,
    idempotency: idempotencyOf(request),
    parent: parentOf(calling, wait, host),
  };
}

/**
 * Makes the wait that code of a run opens.
 *
 * @param claim - the claim of the run
 * @param request - what the call says
 * @returns the wait
 * @throws WrongCall where a text is no duration or time
 */
export function newWaitOf({ runId, fence }: Claim, request: Request<"time" | "token" | "join">): NewWait {
  const { wait } = request;
  switch (request.kind) {
    case "time": {
      const opens = { kind: "time", at: dateOf(request.atMs, "atMs"), idempotency: idempotencyOf(request) } as const;
      return { runId, fence, wait, opens };
    }
    case "token": {
      const { timeout, tags = [] } = request;
      const idempotency = idempotencyOf(request);
      return { runId, fence, wait, opens: { kind: "token", timeout: timeoutOf(timeout), tags, idempotency } };
    }
    case "join":
      return { runId, fence, wait, opens: { kind: "join", waitpointId: request.waitpointId } };
  }
}

/** The journal of a wait is its key in the run; other calls are known by the host's own number. */
function requestKeyOf({ call }: Calling, host: CallingHost): string {
  return `call:${host.id}:${call}`;
}

function parentOf({ runId, fence }: Claim, wait: string | undefined, host: CallingHost): NewRunParent {
  return { runId, claim: { hostId: host.id, fence }, wait: wait ?? null };
}

function idempotencyOf(request: {
  readonly idempotencyKey?: string | undefined;
  readonly idempotencyKeyTTL?: string | undefined;
}): WaitIdempotency | null {
  const { idempotencyKey: key, idempotencyKeyTTL: life } = request;
  if (key === undefined) return null;
  if (life === undefined) return { key, lifeS: defaultIdempotencyLifeS };
  const lifeMs = parseDuration(life);
  if (lifeMs === null) throw new WrongCall("idempotencyKeyTTL", "is no duration: write it as 30s, 10m, 2h or 1d.");
  return { key, lifeS: lifeMs / 1_000 };
}

function timeoutOf(timeout: string | number | undefined): Delay | null {
  if (timeout === undefined) return null;
  if (typeof timeout === "number") return { at: dateOf(timeout, "timeout") };
  const afterMs = parseDuration(timeout);
  if (afterMs === null)
    throw new WrongCall("timeout", "is no duration: write it as 30s, 10m, 2h or 1d, or give a date.");
  return { afterMs };
}

function dateOf(atMs: number, field: string): Date {
  const date = new Date(atMs);
  if (Number.isNaN(date.getTime())) throw new WrongCall(field, "is no time that a date can hold.");
  return date;
}
