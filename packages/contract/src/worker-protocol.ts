import { z } from "zod";
import { runErrorSchema } from "./errors.ts";

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
 * ```
 *
 * A host keeps a report until its ack and sends it again after a reconnect; the fence of each entry makes that harmless.
 * Code of a run executes only after its start is committed: either the run was pushed as started, or a report with its start
 * was acknowledged without naming it as lost.
 */
export const workerProtocolVersion = 1;

/** Where the WebSocket of a host is opened. */
export const workerConnectPath = "/worker/v1/connect";

/** One message of control holds at most this many characters; larger packets travel by reference. */
export const maxControlMessageLength = 256 * 1024;

const heldSchema = z.object({ runId: z.string(), fence: z.int() });

/** A run that a host holds, with the fencing number of its claim. */
export type Held = z.infer<typeof heldSchema>;

const capacitySchema = z.object({
  /** Processes that could execute a run at once. */
  ready: z.int().min(0),
  /** Further runs the host would hold ahead of its processes. */
  ahead: z.int().min(0),
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
  /** Whether and when to attempt the run again, by its task's policy or its code's own word; absent: not again. */
  retry: z.union([z.object({ never: z.literal(true) }), z.object({ delayMs: z.number().min(0) })]).optional(),
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
    capacity: capacitySchema,
  }),
  z.object({ type: z.literal("capacity"), capacity: capacitySchema, versions: z.array(z.string()).optional() }),
]);

/** A message from a worker host to its server. */
export type HostMessage = z.infer<typeof hostMessageSchema>;

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
});

/** A run given to a host. */
export type AssignedRun = z.infer<typeof assignedRunSchema>;

/** The schema of {@link ServerMessage}. */
export const serverMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    /** How long the server waits for a sign of life before it gives the host's runs to others, in milliseconds. */
    leaseMs: z.int(),
    environment: z.object({ id: z.string(), slug: z.string(), type: z.string() }),
    /** Runs that the host said it holds and that are no longer its own: stop them. */
    lost: z.array(heldSchema),
  }),
  z.object({ type: z.literal("runs"), push: z.int(), runs: z.array(assignedRunSchema) }),
  z.object({
    type: z.literal("ack"),
    report: z.int(),
    /** Entries of the report whose claim is no longer the host's: nothing was changed for them. */
    lost: z.array(heldSchema),
  }),
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
