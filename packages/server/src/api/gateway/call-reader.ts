import {
  type CallAnswer,
  type Held,
  type HostMessage,
  type ParsedRunCall,
  runCallSchema,
} from "@pawl/contract/worker-protocol";
import { z } from "zod";
import type { Environment } from "../../engine/ports.ts";
import { ApiError } from "../errors.ts";
import { toStoredPayload } from "../payload.ts";
import { publicIdReader } from "../public-ids.ts";
import { checkedOptions } from "../trigger-request.ts";
import { parse, refuseNul } from "../validation.ts";

type Calls = Extract<HostMessage, { type: "calls" }>;

/** The calls of a message: those that the engine is to see, and the answers to those that it can't. */
export interface ReadCalls {
  readonly message: Calls;
  readonly refused: readonly CallAnswer[];
}

/** Only the frame has to be right: what code of a run asks for is that code's mistake, and no other call suffers from it. */
export const callsFrameSchema = z.object({
  type: z.literal("calls"),
  calls: z.array(z.object({ runId: z.string(), fence: z.int(), call: z.int(), request: z.unknown() })),
});

const readRunId = publicIdReader("run");
const readWaitpointId = publicIdReader("waitpoint");

/**
 * Reads what the code of a host's runs asks for.
 *
 * @param frame - the message
 * @param environment - of the host
 * @returns the calls with UUIDs, and an answer to each that can't be read
 * @throws ApiError `invalid_request` for a text that is no id of a run
 */
export function readCalls({ calls }: z.infer<typeof callsFrameSchema>, environment: Environment): ReadCalls {
  const read: Calls["calls"] = [];
  const refused: CallAnswer[] = [];
  for (const { call, request, ...claim } of calls) {
    const held: Held = { runId: readRunId(claim.runId, "runId"), fence: claim.fence };
    try {
      read.push({ ...held, call, request: checkedRequest(parse(runCallSchema, request, "call"), environment) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { code, message, param } = error;
      refused.push({ call, error: { code, message, ...(param === undefined ? {} : { field: param }) } });
    }
  }
  return { message: { type: "calls", calls: read }, refused };
}

function checkedRequest(request: ParsedRunCall, environment: Environment): ParsedRunCall {
  if ("wait" in request && request.wait !== undefined) refuseNul(request.wait, "wait");
  if ("idempotencyKey" in request && request.idempotencyKey !== undefined) {
    refuseNul(request.idempotencyKey, "idempotencyKey");
  }
  switch (request.kind) {
    case "trigger":
      return checkedTrigger(request, environment);
    case "token":
      for (const tag of request.tags ?? []) refuseNul(tag, "tags");
      return request;
    case "join":
      return { ...request, waitpointId: waitpointIdOf(request.waitpointId) };
    case "batch":
    case "time":
    case "await":
      return request;
  }
}

function checkedTrigger(request: Extract<ParsedRunCall, { kind: "trigger" }>, environment: Environment): ParsedRunCall {
  refuseNul(request.taskId, "task");
  toStoredPayload(request.payload, request.options.payloadType ?? "application/json", "payload");
  const { region } = checkedOptions(request.options, environment, "options.");
  return { ...request, options: { ...request.options, region: region ?? undefined } };
}

function waitpointIdOf(id: string): string {
  try {
    return readWaitpointId(id, "waitpointId");
  } catch {
    throw new ApiError("not_found", `There is no token ${id.slice(0, 64)} in this environment.`, "waitpointId");
  }
}
