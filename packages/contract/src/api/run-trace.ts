import { z } from "zod";
import { optional } from "./trigger.ts";

/** The query of `GET /api/v1/runs/:runId/trace`: with a page size the spans come as a list, without as a tree. */
export const traceQuerySchema = z.object({
  "page[size]": optional(z.coerce.number().int().min(1).max(10_000)),
  /** The id of the last span of the page before. */
  "page[after]": optional(z.string()),
});

/** What every form of a span tells. */
interface SpanFacts {
  readonly runId: string;
  readonly message: string;
  /** ISO date. */
  readonly startTime: string;
  readonly isError: boolean;
  /** Whether it has not ended. */
  readonly isPartial: boolean;
  readonly isCancelled: boolean;
  readonly level: "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR";
}

/** A span in a list of spans. */
export interface ListedSpan extends SpanFacts {
  readonly id: string;
  readonly parentId?: string;
  /** In nanoseconds. */
  readonly duration: number;
  readonly attemptNumber?: number;
}

/** A span with what happened in it. */
export interface TreeSpan {
  readonly id: string;
  readonly parentId?: string;
  readonly runId: string;
  readonly data: Omit<SpanFacts, "runId"> & {
    /** In nanoseconds. */
    readonly duration: number;
    readonly taskSlug: string;
    readonly queueName: string;
    readonly workerVersion?: string;
    readonly properties?: Readonly<Record<string, unknown>>;
  };
  readonly children: readonly TreeSpan[];
}

/** The answer of `GET /api/v1/runs/:runId/trace`. */
export interface TraceAnswer {
  readonly trace: { readonly traceId: string; readonly rootSpan: TreeSpan };
}

/** The answer of `GET /api/v1/runs/:runId/trace?page[size]=…`, in the order of time. */
export interface TracePageAnswer {
  readonly data: readonly ListedSpan[];
  readonly attemptFailures: readonly {
    readonly spanId: string;
    readonly attemptNumber: number;
    readonly runId: string;
  }[];
  readonly pagination: { readonly next?: string };
}

/** The answer of `GET /api/v1/runs/:runId/spans/:spanId`. */
export interface SpanAnswer extends SpanFacts {
  readonly spanId: string;
  readonly parentId: string | null;
  readonly durationMs: number;
  readonly properties?: Readonly<Record<string, unknown>>;
}
