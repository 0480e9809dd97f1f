import { z } from "zod";
import { rateLimitSchema } from "./rate-limit.ts";
import { declaredScheduleSchema } from "./schedule.ts";

/** What the server knows of one task of a version. */
export const taskManifestSchema = z.object({
  id: z.string().min(1).max(128),
  filePath: z.string(),
  exportName: z.string().optional(),
  description: z.string().optional(),
  /** A task without a queue of its own has the queue `task/<id>`. */
  queue: z.object({
    name: z.string().min(1).max(128),
    /** For each concurrency key. */
    concurrencyLimit: z.int().min(0).optional(),
    /** For all concurrency keys together. */
    combinedConcurrencyLimit: z.int().min(0).optional(),
    /** How many runs of each concurrency key may start in a time. */
    rateLimit: rateLimitSchema.optional(),
    /** The same for all concurrency keys together. */
    combinedRateLimit: rateLimitSchema.optional(),
  }),
  /** The policy after merging the configuration's and the task's. */
  retry: z.object({
    maxAttempts: z.int().min(1).max(250),
    factor: z.number().min(1),
    minTimeoutInMs: z.number().min(0),
    maxTimeoutInMs: z.number().min(0),
    randomize: z.boolean(),
  }),
  /** The longest an attempt may execute, in seconds. */
  maxDuration: z.number().positive().optional(),
  /** How long a run may be queued before it expires, in seconds; 0: for ever, whatever the configuration says. */
  ttl: z.number().min(0).optional(),
  machine: z.string().optional(),
  /** Whether the task was defined to be run by schedules. */
  isScheduled: z.boolean().optional(),
  /** The schedule that the code declares. */
  schedule: declaredScheduleSchema.optional(),
});

/** One task of a version: its id, where it is written, and its settings after merging. */
export type TaskManifest = z.infer<typeof taskManifestSchema>;

/** The schema of {@link VersionManifest}. */
export const versionManifestSchema = z.object({
  /** A hash of the bundle: the same code registers as the same version. */
  contentHash: z.string().min(8).max(128),
  tasks: z.array(taskManifestSchema).max(5_000),
  /** Whether a run process may serve one run after another. */
  processKeepAlive: z.boolean(),
});

/** Everything that the server needs to know of a version of a project. */
export type VersionManifest = z.infer<typeof versionManifestSchema>;

/** The answer to a registration: the version's id, and its label `YYYYMMDD.N` for people. */
export const registeredVersionSchema = z.object({ id: z.string(), label: z.string() });

/** A registered version. */
export type RegisteredVersion = z.infer<typeof registeredVersionSchema>;

/** The answer of `GET /worker/v1/tasks`. */
export interface TaskList {
  /** In the order of their ids. */
  readonly tasks: readonly Pick<TaskManifest, "id" | "filePath">[];
  /** The label of the version that new runs execute; null before the first one is registered. */
  readonly version: string | null;
}
