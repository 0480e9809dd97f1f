import { z } from "zod";
import { triggerOptionsSchema } from "./api/trigger.ts";
import { runErrorSchema } from "./run-error-schema.ts";
import { endHookKinds } from "./task-manifest.ts";

/**
 * What server and worker host say to each other over their one WebSocket (`/worker/v1/connect`), as JSON texts.
 *
 * ```
 *   host                                   server
 *   hello {held, capacity}  ───────────▶   renews the lease, takes back what the host does not hold
 *                           ◀───────────   welcome {lost}
 *                           ◀───────────   runs {push, runs}          as soon as a slot and a run exist
 *   report {results, started, returned} ▶  one transaction
 *                           ◀───────────   ack {report, lost}         only after the commit
 *   calls {calls}           ───────────▶   what code of runs asks for: triggers, waits
 *                           ◀───────────   answers {answers}          only after the commit
 *                           ◀───────────   resumed {runs}             waits that are over, and the slot taken again
 * ```
 *
 * A host keeps a report until its ack and sends it again after a reconnect; the fence of each entry makes that harmless.
 * Code of a run executes only after its start is committed: either the run was pushed as started, or a report with its start
 * was acknowledged without naming it as lost.
 */
export const workerProtocolVersion = 1;

/** Where the WebSocket of a host is opened. */
export const workerConnectPath = "/worker/v1/connect";

/** Where a host sends the output of a run that is too long for a report. @param runId - `run_…` */
export function runOutputPath(runId: string): string {
  return `/worker/v1/runs/${runId}/output`;
}

/** The schema of {@link StoredOutput}. */
export const storedOutputSchema = z.object({ path: z.string() });

/** Where an output was stored: what a report names in its place, with the type `application/store`. */
export type StoredOutput = z.infer<typeof storedOutputSchema>;

/** Where a host fetches the variables of its environment. */
export const hostEnvVarsPath = "/worker/v1/env-vars";

/** The schema of {@link HostEnvVars}. */
export const hostEnvVarsSchema = z.object({ version: z.int(), variables: z.record(z.string(), z.string()) });

/** The variables of an environment, decrypted, and how often they have been changed. */
export type HostEnvVars = z.infer<typeof hostEnvVarsSchema>;

/** One message of control holds at most this many characters; larger packets travel by reference. */
export const maxControlMessageLength = 256 * 1024;

const heldSchema = z.object({ runId: z.string(), fence: z.int() });

/** A run that a host holds, with the fencing number of its claim. */
export type Held = z.infer<typeof heldSchema>;

/** The most characters of a wait's key, such as `time#2`. */
export const maxWaitKeyLength = 128;

/**
 * The key of a wait within its run: what it is for and the how-manieth of its kind, so that a new attempt after a loss, whose
 * code arrives at the same waits, gets them back.
 */
const waitKeySchema = z.string().min(1).max(maxWaitKeyLength);

/** `10m`, or milliseconds since 1970. */
const timeoutSchema = z.union([z.string().min(1).max(64), z.number()]);

const waitIdempotencySchema = {
  idempotencyKey: z.string().min(1).max(2_048).optional(),
  /** `2h`; default: 30 days. */
  idempotencyKeyTTL: z.string().max(64).optional(),
};

/** What code of a run can ask of the server. */
export const runCallSchema = z.discriminatedUnion("kind", [
  /** Makes a run; with `wait`, also a wait for it. The answer is a {@link TriggerCallAnswer}. */
  z.object({
    kind: z.literal("trigger"),
    taskId: z.string().min(1).max(128),
    payload: z.string().optional(),
    options: triggerOptionsSchema,
    wait: waitKeySchema.optional(),
  }),
  /** Makes an empty batch whose items follow over HTTP; with `wait`, also a wait for all of them. The answer is a {@link BatchCallAnswer}. */
  z.object({
    kind: z.literal("batch"),
    runCount: z.int().min(1),
    idempotencyKey: z.string().max(2_048).optional(),
    idempotencyKeyTTL: z.string().max(64).optional(),
    wait: waitKeySchema.optional(),
  }),
  /** Opens a wait for a time. The answer is a {@link WaitCallAnswer}. */
  z.object({ kind: z.literal("time"), wait: waitKeySchema, atMs: z.number(), ...waitIdempotencySchema }),
  /** Makes a token. The answer is a {@link TokenCallAnswer}; `wait` is the key it is found by after a loss. */
  z.object({
    kind: z.literal("token"),
    wait: waitKeySchema,
    timeout: timeoutSchema.optional(),
    tags: z.array(z.string().min(1).max(128)).max(10).optional(),
    ...waitIdempotencySchema,
  }),
  /** Opens a wait for a token that exists. The answer is a {@link WaitCallAnswer}. */
  z.object({ kind: z.literal("join"), wait: waitKeySchema, waitpointId: z.string() }),
  /**
   * The run's code awaits these waits, and nothing else of it goes on: the run gives its slot back until the first of them
   * ends. The answer is null; results follow in `resumed`, at once if one of the waits is over.
   */
  z.object({ kind: z.literal("await"), waits: z.array(waitKeySchema).min(1) }),
]);

/** What code of a run can ask of the server, as it is sent. */
export type RunCall = z.input<typeof runCallSchema>;

/** A {@link RunCall} after parsing. */
export type ParsedRunCall = z.output<typeof runCallSchema>;

/** What the answers of calls that name a wait have in common. */
interface WaitNamingAnswer {
  /** Whether the key had opened it before: an earlier try of the same call, or the attempt before a loss. */
  readonly isFound?: boolean;
}

/** The answer to a trigger call. */
export interface TriggerCallAnswer extends WaitNamingAnswer {
  /** `run_…` */
  readonly runId: string;
  readonly isCached: boolean;
  /** A token that may read the run. */
  readonly publicAccessToken?: string;
}

/** The answer to a batch call. */
export interface BatchCallAnswer extends WaitNamingAnswer {
  /** `batch_…` */
  readonly batchId: string;
  readonly runCount: number;
  readonly isCached: boolean;
  /** A token that may read the batch. */
  readonly publicAccessToken?: string;
}

/** The answer to a call that opens a wait. */
export interface WaitCallAnswer extends WaitNamingAnswer {
  /** `waitpoint_…` */
  readonly waitpointId: string;
  /** When a wait for a time ends, in milliseconds since 1970: after a loss the time that was first asked for. */
  readonly atMs?: number;
}

/** The answer to a call that makes a token. */
export interface TokenCallAnswer extends WaitNamingAnswer {
  /** `waitpoint_…` */
  readonly waitpointId: string;
  readonly isCached: boolean;
  /** Where an HTTP POST completes it. */
  readonly url: string;
  readonly publicAccessToken: string;
}

/** How a run that was waited for ended. */
const childResultSchema = z.object({
  /** Absent when the run could not be made. */
  runId: z.string().optional(),
  taskId: z.string(),
  ok: z.boolean(),
  output: z.string().optional(),
  outputType: z.string().optional(),
  error: runErrorSchema.optional(),
});

/** How a run that was waited for ended: an output, or an error. */
export type ChildResult = z.infer<typeof childResultSchema>;

/** What a wait came to. */
export const waitResultSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("time") }),
  /** `isTimeout`: nobody completed the token in time. */
  z.object({
    kind: z.literal("token"),
    isTimeout: z.boolean(),
    output: z.string().optional(),
    outputType: z.string().optional(),
  }),
  z.object({ kind: z.literal("run"), run: childResultSchema }),
  /** `runs` in the order of the items; `isAborted`: its items never came in full. */
  z.object({ kind: z.literal("batch"), batchId: z.string(), isAborted: z.boolean(), runs: z.array(childResultSchema) }),
]);

/** What a wait came to. */
export type WaitResult = z.infer<typeof waitResultSchema>;

const resumedRunSchema = heldSchema.extend({
  /** The waits of the run that are over; one without a result has to be fetched at `/worker/v1/runs/:runId/waits/:wait`. */
  waits: z.array(z.object({ wait: z.string(), result: waitResultSchema.optional() })),
});

/** A run whose wait is over and whose slot is taken again. */
export type ResumedRun = z.infer<typeof resumedRunSchema>;

/** The answer to a call. `error` is for people; `code` names an error of the API. */
const callAnswerSchema = z.object({
  call: z.int(),
  value: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string(), field: z.string().optional() }).optional(),
});

/** The answer to a call: a value, or an error. */
export type CallAnswer = z.infer<typeof callAnswerSchema>;

const capacitySchema = z.object({
  /** Processes that could execute a run at once. */
  ready: z.int().min(0),
  /** Further runs the host would hold ahead of its processes. */
  ahead: z.int().min(0),
  /** How many of those may be started by the claim that brings them, since they are about to find a process; absent: none. */
  inAdvance: z.int().min(0).optional(),
  /** Processes of the host in all: nothing is claimed ahead from a queue whose limit is not above it. */
  processes: z.int().min(0),
  /** The highest `push` the host has seen when it counted. */
  afterPush: z.int().min(0),
});

/** How many more runs a host can take. */
export type Capacity = z.infer<typeof capacitySchema>;

const packetTypeSchema = z.enum(["application/super+json", "application/json", "text/plain", "application/store"]);

const completedSchema = heldSchema.extend({
  kind: z.literal("completed"),
  output: z.string().optional(),
  outputType: packetTypeSchema,
  durationMs: z.number().min(0),
});

const failedSchema = heldSchema.extend({
  kind: z.literal("failed"),
  error: runErrorSchema,
  durationMs: z.number().min(0),
  /** The number of the attempt, with `inPlace`: the fence stays the same then, and a report that is sent again counts once. */
  attempt: z.int().min(1).optional(),
  /**
   * Whether and when to attempt the run again, by its task's policy or its code's own word; absent: not again. `inPlace`: the
   * host keeps the run and its slot and executes the next attempt itself, unless the ack names the claim as lost.
   */
  retry: z
    .union([
      z.object({ never: z.literal(true) }),
      z.object({ delayMs: z.number().min(0), inPlace: z.boolean().optional() }),
    ])
    .optional(),
});

/** How an execution ended, as the host reports it. */
export const resultSchema = z.discriminatedUnion("kind", [completedSchema, failedSchema]);

/** How an execution ended. */
export type RunResult = z.infer<typeof resultSchema>;

/** The schema of {@link HostMessage}. */
export const hostMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    protocol: z.int(),
    hostId: z.string(),
    name: z.string().max(128),
    /** Ids of the versions whose bundles the host has. */
    versions: z.array(z.string()),
    /** Everything the host still holds, reports without an ack included. */
    held: z.array(heldSchema),
    capacity: capacitySchema,
  }),
  z.object({
    type: z.literal("report"),
    /** Counts up from 1 for each host; the ack names it. */
    report: z.int(),
    results: z.array(resultSchema),
    /** Runs claimed ahead that are to execute now. */
    started: z.array(heldSchema),
    /** Runs that did not start and go back to their queue; one that was pushed as started gets its attempt back. */
    returned: z.array(heldSchema),
    /** Runs that waited in a process that died: they lost their process through no fault of their own. */
    orphaned: z.array(heldSchema),
    capacity: capacitySchema,
  }),
  /** Answered one by one; a call without an answer is sent again after a reconnect, and has no second effect. */
  z.object({
    type: z.literal("calls"),
    calls: z.array(heldSchema.extend({ /** Counts up for each host. */ call: z.int(), request: runCallSchema })),
  }),
  z.object({ type: z.literal("capacity"), capacity: capacitySchema, versions: z.array(z.string()).optional() }),
]);

/** A message from a worker host to its server, after parsing. */
export type HostMessage = z.output<typeof hostMessageSchema>;

/** A message from a worker host to its server, as it is sent. */
export type SentHostMessage = z.input<typeof hostMessageSchema>;

const assignedRunSchema = z.object({
  runId: z.string(),
  fence: z.int(),
  /** The number of the attempt that executes, or will when it is started, from 1. */
  attempt: z.int().min(1),
  /** Whether the start is already committed. */
  isStarted: z.boolean(),
  taskId: z.string(),
  versionId: z.string(),
  queueName: z.string(),
  concurrencyKey: z.string().optional(),
  /** Absent for `undefined`, and where the payload has to be fetched. */
  payload: z.string().optional(),
  payloadType: packetTypeSchema,
  /** Whether the payload is too long for this message and waits at `/worker/v1/runs/:runId/payload`. */
  isPayloadStored: z.boolean(),
  maxAttempts: z.int(),
  createdAt: z.string(),
  isTest: z.boolean(),
  tags: z.array(z.string()),
  /** The W3C trace id of the run, 32 hex digits. */
  traceId: z.string(),
  /** The longest this attempt may execute, in seconds; absent: as long as it takes. */
  maxDuration: z.number().optional(),
  isReplay: z.boolean().optional(),
  parentRunId: z.string().optional(),
  rootRunId: z.string().optional(),
  batchId: z.string().optional(),
  /** The key as its caller wrote it. */
  idempotencyKey: z.string().optional(),
  idempotencyKeyScope: z.enum(["run", "attempt", "global"]).optional(),
  /** In seconds. */
  priority: z.number().optional(),
  machine: z.string().optional(),
  /** The metadata given at the trigger, as JSON text. */
  metadata: z.string().optional(),
  /** Whether this attempt follows a loss, so that its waits are given back to it. */
  isRecovery: z.boolean().optional(),
  /**
   * Where the run calls the hooks of another one, which ended without a process that could: which hook, of which run, which attempt was
   * its last (0: none), why it ended, and when it started. What else is said here is of that run, but for `runId`, `fence` and `attempt`.
   */
  hook: z
    .object({
      kind: z.enum(endHookKinds),
      runId: z.string(),
      attempt: z.int().min(0),
      error: runErrorSchema,
      startedAt: z.string().optional(),
    })
    .optional(),
});

/** A run given to a host. */
export type AssignedRun = z.infer<typeof assignedRunSchema>;

/** The schema of {@link ServerMessage}. */
export const serverMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    /** How long the server waits for a sign of life before it gives the host's runs to others, in milliseconds. */
    leaseMs: z.int(),
    environment: z.object({
      id: z.string(),
      slug: z.string(),
      type: z.string(),
      project: z.object({ id: z.string(), ref: z.string(), name: z.string() }).optional(),
    }),
    /** Runs that the host said it holds and that are no longer its own: stop them. */
    lost: z.array(heldSchema),
  }),
  z.object({
    type: z.literal("runs"),
    push: z.int(),
    runs: z.array(assignedRunSchema),
    /**
     * How often the environment's variables had been changed when the runs were claimed: they execute with those, or with newer
     * ones, which are at {@link hostEnvVarsPath}. Absent: there never were any.
     */
    envVarsVersion: z.int().optional(),
  }),
  /** The environment's variables have changed, so that processes can be prepared with them before a run comes. */
  z.object({ type: z.literal("env_vars_changed") }),
  z.object({
    type: z.literal("ack"),
    report: z.int(),
    /** Entries of the report whose claim is no longer the host's: nothing was changed for them. */
    lost: z.array(heldSchema),
  }),
  z.object({ type: z.literal("answers"), answers: z.array(callAnswerSchema) }),
  z.object({ type: z.literal("resumed"), runs: z.array(resumedRunSchema) }),
  /** Somebody cancelled these runs, which execute or wait here: they are asked to end, and reported like any other end. */
  z.object({ type: z.literal("cancel"), runs: z.array(heldSchema) }),
  /** Asks for runs that are claimed ahead and not started; those that have started stay. */
  z.object({ type: z.literal("recall"), runs: z.array(heldSchema) }),
  /** The server can't serve this host; the connection is closed after it. */
  z.object({ type: z.literal("refused"), reason: z.string() }),
]);

/** A message from a server to a worker host. */
export type ServerMessage = z.infer<typeof serverMessageSchema>;

/** The schema of {@link TelemetryRecord}. */
export const telemetryRecordSchema = z.object({
  kind: z.enum(["log", "span"]),
  runId: z.string(),
  attempt: z.int(),
  /** Milliseconds since 1970; of a span, its start. */
  atMs: z.number(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  level: z.enum(["trace", "debug", "info", "warn", "error"]),
  message: z.string(),
  /** Spans only. */
  durationMs: z.number().optional(),
  isError: z.boolean().optional(),
  /** JSON text of an object. */
  attributes: z.string().optional(),
});

/** A log line or a span of a run, sent apart from control to `/worker/v1/telemetry`. */
export type TelemetryRecord = z.infer<typeof telemetryRecordSchema>;

/** The body of a telemetry call. */
export const telemetryBodySchema = z.object({ records: z.array(telemetryRecordSchema).max(5_000) });
