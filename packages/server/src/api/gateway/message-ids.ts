import { fromPublicId, toPublicId } from "@pawl/contract/ids";
import type { Held, HostMessage, RunResult, ServerMessage } from "@pawl/contract/worker-protocol";
import { ApiError } from "../errors.ts";
import { publicIdReader, publicIdWriter } from "../public-ids.ts";

// Messages carry public ids on the wire and UUIDs inside the server; they change here and nowhere else.

const readHostId = publicIdReader("host");
const readVersionId = publicIdReader("version");
const writeVersionId = publicIdWriter("version");

/**
 * Turns the ids of a message from a host into UUIDs.
 *
 * @param message - the message as parsed
 * @returns the message for the engine
 * @throws ApiError `invalid_request` for a text that is no id of its kind
 */
export function toInternalIds(message: HostMessage): HostMessage {
  switch (message.type) {
    case "hello":
      return {
        ...message,
        hostId: readHostId(message.hostId, "hostId"),
        versions: message.versions.map((id) => readVersionId(id, "versions")),
        held: message.held.map(internalClaim),
      };
    case "report":
      return {
        ...message,
        results: message.results.map(internalResult),
        started: message.started.map(internalClaim),
        returned: message.returned.map(internalClaim),
      };
    case "capacity":
      if (message.versions === undefined) return message;
      return { ...message, versions: message.versions.map((id) => readVersionId(id, "versions")) };
  }
}

/**
 * Turns the ids of a message to a host into public ids.
 *
 * @param message - the engine's message
 * @returns the message for the wire
 */
export function toPublicIds(message: ServerMessage): ServerMessage {
  switch (message.type) {
    case "welcome":
      return {
        ...message,
        environment: { ...message.environment, id: toPublicId("env", message.environment.id) },
        lost: message.lost.map(publicClaim),
      };
    case "runs":
      return {
        ...message,
        runs: message.runs.map((run) => ({
          ...run,
          runId: toPublicId("run", run.runId),
          versionId: writeVersionId(run.versionId),
        })),
      };
    case "ack":
      return message.lost.length === 0 ? message : { ...message, lost: message.lost.map(publicClaim) };
    case "recall":
      return { ...message, runs: message.runs.map(publicClaim) };
    case "refused":
      return message;
  }
}

function internalRunId(id: string): string {
  const uuid = fromPublicId("run", id);
  if (uuid === null) throw new ApiError("invalid_request", `runId: ${id.slice(0, 64)} is no id of a run.`, "runId");
  return uuid;
}

function internalClaim(claim: Held): Held {
  return { runId: internalRunId(claim.runId), fence: claim.fence };
}

function publicClaim(claim: Held): Held {
  return { runId: toPublicId("run", claim.runId), fence: claim.fence };
}

function internalResult(result: RunResult): RunResult {
  const runId = internalRunId(result.runId);
  // Postgres holds no NUL in a text; as JSON the output stays what it was.
  if (result.kind === "completed" && result.outputType === "text/plain" && result.output?.includes("\0")) {
    return { ...result, runId, output: JSON.stringify(result.output), outputType: "application/json" };
  }
  return { ...result, runId };
}
