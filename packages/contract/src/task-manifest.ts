import { z } from "zod";
import { rateLimitSchema } from "./rate-limit.ts";
import { declaredScheduleSchema } from "./schedule.ts";

/** The hooks that are called after the end of a run whose process did not: it had none, or that had died. */
export const endHookKinds = ["onFailure", "onCancel"] as const;

/** One of {@link endHookKinds}. */
export type EndHookKind = (typeof endHookKinds)[number];

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
  /** The hooks to call when a run has ended without a process that could: its own, or those that are registered for every task. */
  endHooks: z.array(z.enum(endHookKinds)).optional(),
  /** The schedule that the code declares. */
  schedule: declaredScheduleSchema.optional(),
});

/** One task of a version: its id, where it is written, and its settings after merging. */
export type TaskManifest = z.infer<typeof taskManifestSchema>;

/** The schema of {@link VersionManifest}. */
export const versionManifestSchema = z
  .object({
    /** A hash of the bundle: the same code registers as the same version. */
    contentHash: z.string().min(8).max(128),
    tasks: z.array(taskManifestSchema).max(5_000),
    /** Whether a run process may serve one run after another. */
    processKeepAlive: z.boolean(),
  })
  .superRefine((manifest, context) => {
    const path = nulIn(manifest);
    if (path !== null)
      context.addIssue({ code: "custom", path: [...path], message: "contains the character NUL (U+0000)" });
  });

/** Where a value has the character NUL, which can't be stored; null: nowhere. */
function nulIn(value: unknown): readonly string[] | null {
  if (typeof value === "string") return value.includes("\0") ? [] : null;
  if (typeof value !== "object" || value === null) return null;
  for (const [name, part] of Object.entries(value)) {
    const inside = nulIn(part);
    if (inside !== null) return [name, ...inside];
  }
  return null;
}

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
