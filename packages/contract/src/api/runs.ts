import { z } from "zod";
import type { PublicRunError } from "../errors.ts";
import { type PublicStatus, publicStatuses, type StatusFlags } from "../run-state.ts";

/** The largest page of a run list. */
export const maxRunsPageSize = 100;

const commaList = z
  .string()
  .transform((text) => text.split(",").filter((part) => part !== ""))
  .optional();

const time = z
  .string()
  .transform((text, context) => {
    const at = new Date(/^\d+$/.test(text) ? Number(text) : text);
    if (!Number.isNaN(at.getTime())) return at;
    context.addIssue({ code: "custom", message: "is no time: give milliseconds since 1970 or an ISO date" });
    return z.NEVER;
  })
  .optional();

/** The query of `GET /api/v1/runs`. Lists are joined by commas; any of a list may match. */
export const listRunsQuerySchema = z.object({
  "filter[status]": commaList.pipe(z.array(z.enum(publicStatuses)).optional()),
  "filter[taskIdentifier]": commaList,
  "filter[createdAt][from]": time,
  "filter[createdAt][to]": time,
  "filter[createdAt][period]": z.string().optional(),
  "page[size]": z.coerce.number().int().min(1).max(maxRunsPageSize).default(25),
  "page[after]": z.string().optional(),
  "page[before]": z.string().optional(),
});

/** The query of a run list after parsing. */
export type ListRunsQuery = z.infer<typeof listRunsQuerySchema>;

/** What every answer about a run tells. Fields that do not apply are absent, never null. */
export interface RunSummary extends StatusFlags {
  readonly id: string;
  readonly status: PublicStatus;
  readonly taskIdentifier: string;
  readonly isTest: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly delayedUntil?: string;
  readonly version?: string;
  readonly tags: readonly string[];
  readonly costInCents: number;
  readonly baseCostInCents: number;
  /** How long the run's code executed, in milliseconds, all attempts together. */
  readonly durationMs: number;
}

/** An attempt that failed. */
export interface AttemptFailure {
  /** From 1. */
  readonly number: number;
  readonly startedAt: string;
  readonly failedAt: string;
  readonly error: PublicRunError;
}

/** The answer of `GET /api/v3/runs/:runId`. */
export interface RunDetail extends RunSummary {
  readonly depth: number;
  readonly triggerFunction: "trigger" | "triggerAndWait" | "batchTrigger" | "batchTriggerAndWait";
  readonly relatedRuns: { readonly children: readonly [] };
  readonly batchId?: string;
  /** Plain JSON: dates as ISO strings. */
  readonly payload?: unknown;
  readonly output?: unknown;
  readonly error?: PublicRunError;
  readonly attemptCount: number;
  /** The attempts that failed, the first one first. */
  readonly attempts: readonly AttemptFailure[];
  /** Why an unfinished run is not executing, in one sentence. */
  readonly reason?: string;
}

/** The answer of `GET /api/v1/runs`. `next` and `previous` are absent where there is no such page. */
export interface RunList {
  readonly data: readonly (RunSummary & { readonly env: { readonly id: string; readonly name: string } })[];
  readonly pagination: { readonly next?: string; readonly previous?: string };
}

/** One line or span of a run's story, from `GET /api/v1/runs/:runId/events`. */
export interface RunEvent {
  readonly kind: "log" | "span";
  readonly at: string;
  readonly attempt: number;
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly durationMs?: number;
  readonly isError?: boolean;
  readonly attributes?: unknown;
}

/** The answer of `GET /api/v1/runs/:runId/events`, oldest first. */
export interface RunEvents {
  readonly events: readonly RunEvent[];
}
