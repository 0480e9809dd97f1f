import { fromPublicId, toPublicId } from "@pawl/contract/ids";
import type {
  AssignedRun,
  CallAnswer,
  ChildResult,
  Held,
  HostMessage,
  RunResult,
  ServerMessage,
  WaitResult,
} from "@pawl/contract/worker-protocol";
import { ApiError } from "../errors.ts";
import { publicIdReader, publicIdWriter } from "../public-ids.ts";

// Messages carry public ids on the wire and UUIDs inside the server; they change here and nowhere else.

const readHostId = publicIdReader("host");
const readVersionId = publicIdReader("version");
const writeVersionId = publicIdWriter("version");

/** A message from a host that is no calls; those are read one by one, each for itself. */
export type PlainHostMessage = Exclude<HostMessage, { type: "calls" }>;

/**
 * Turns the ids of a message from a host into UUIDs.
 *
 * @param message - the message as parsed
 * @returns the message for the engine
 * @throws ApiError `invalid_request` for a text that is no id of its kind
 */
export function toInternalIds(message: PlainHostMessage): PlainHostMessage {
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
        orphaned: message.orphaned.map(internalClaim),
      };
    case "capacity":
      if (message.versions === undefined) return message;
      return { ...message, versions: message.versions.map((id) => readVersionId(id, "versions")) };
  }
}

type Welcome = Extract<ServerMessage, { type: "welcome" }>;

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
        environment: publicEnvironment(message.environment),
        lost: message.lost.map(publicClaim),
      };
    case "runs":
      return { ...message, runs: message.runs.map(publicRun) };
    case "ack":
      return message.lost.length === 0 ? message : { ...message, lost: message.lost.map(publicClaim) };
    case "answers":
      return { ...message, answers: message.answers.map(publicAnswer) };
    case "resumed":
      return {
        ...message,
        runs: message.runs.map((run) => ({
          ...run,
          runId: toPublicId("run", run.runId),
          waits: run.waits.map(({ wait, result }) =>
            result === undefined ? { wait } : { wait, result: publicWaitResult(result) },
          ),
        })),
      };
    case "cancel":
    case "recall":
      return { ...message, runs: message.runs.map(publicClaim) };
    case "env_vars_changed":
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

function publicEnvironment(environment: Welcome["environment"]): Welcome["environment"] {
  const { id, project } = environment;
  const own = project === undefined ? {} : { project: { ...project, id: toPublicId("proj", project.id) } };
  return { ...environment, id: toPublicId("env", id), ...own };
}

function publicRun(run: AssignedRun): AssignedRun {
  return {
    ...run,
    runId: toPublicId("run", run.runId),
    versionId: writeVersionId(run.versionId),
    ...(run.parentRunId === undefined ? {} : { parentRunId: toPublicId("run", run.parentRunId) }),
    ...(run.rootRunId === undefined ? {} : { rootRunId: toPublicId("run", run.rootRunId) }),
    ...(run.batchId === undefined ? {} : { batchId: toPublicId("batch", run.batchId) }),
    ...(run.hook === undefined ? {} : { hook: { ...run.hook, runId: toPublicId("run", run.hook.runId) } }),
  };
}

const prefixOfField = { runId: "run", batchId: "batch", waitpointId: "waitpoint" } as const;

/** What a call is answered with names at the top what was made. */
function publicAnswer(answer: CallAnswer): CallAnswer {
  const { value } = answer;
  if (typeof value !== "object" || value === null) return answer;
  const changed: Record<string, unknown> = { ...value };
  for (const [field, prefix] of Object.entries(prefixOfField)) {
    const id = changed[field];
    if (typeof id === "string") changed[field] = toPublicId(prefix, id);
  }
  return { ...answer, value: changed };
}

/**
 * Turns the ids in the result of a wait into public ids.
 *
 * @param result - as the store has it
 * @returns the result for the wire
 */
export function publicWaitResult(result: WaitResult): WaitResult {
  switch (result.kind) {
    case "time":
    case "token":
      return result;
    case "run":
      return { ...result, run: publicChild(result.run) };
    case "batch":
      return { ...result, batchId: toPublicId("batch", result.batchId), runs: result.runs.map(publicChild) };
  }
}

function publicChild(child: ChildResult): ChildResult {
  return child.runId === undefined ? child : { ...child, runId: toPublicId("run", child.runId) };
}

function internalResult(result: RunResult): RunResult {
  const runId = internalRunId(result.runId);
  // Postgres holds no NUL in a text; as JSON the output stays what it was.
  if (result.kind === "completed" && result.outputType === "text/plain" && result.output?.includes("\0")) {
    return { ...result, runId, output: JSON.stringify(result.output), outputType: "application/json" };
  }
  return { ...result, runId };
}
