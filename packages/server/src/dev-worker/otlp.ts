import { fromPublicId } from "@pawl/contract/ids";
import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import { z } from "zod";

/** A value as OTLP writes it in JSON; whole numbers may be texts. */
interface OtlpValue {
  readonly stringValue?: string | null | undefined;
  readonly boolValue?: boolean | null | undefined;
  readonly intValue?: number | string | null | undefined;
  readonly doubleValue?: number | null | undefined;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] | null | undefined } | null | undefined;
}

const valueSchema: z.ZodType<OtlpValue> = z.lazy(() =>
  z.object({
    stringValue: z.string().nullish(),
    boolValue: z.boolean().nullish(),
    intValue: z.union([z.number(), z.string()]).nullish(),
    doubleValue: z.number().nullish(),
    arrayValue: z.object({ values: z.array(valueSchema).nullish() }).nullish(),
  }),
);

const attributesSchema = z.array(z.object({ key: z.string(), value: valueSchema.nullish() })).nullish();

/** Nanoseconds since 1970, as a text since they are over what a number holds. */
const nanosecondsSchema = z.union([z.string().regex(/^\d{1,20}$/), z.number()]);

const logSchema = z.object({
  timeUnixNano: nanosecondsSchema.nullish(),
  observedTimeUnixNano: nanosecondsSchema.nullish(),
  severityNumber: z.number().nullish(),
  body: valueSchema.nullish(),
  attributes: attributesSchema,
  spanId: z.string().nullish(),
});

const spanSchema = z.object({
  spanId: z.string(),
  parentSpanId: z.string().nullish(),
  name: z.string(),
  startTimeUnixNano: nanosecondsSchema,
  endTimeUnixNano: nanosecondsSchema,
  attributes: attributesSchema,
  status: z.object({ code: z.number().nullish() }).nullish(),
});

const resourceSchema = z.object({ attributes: attributesSchema }).nullish();

/** The body of `POST …/v1/logs`. */
export const logsBodySchema = z.object({
  resourceLogs: z
    .array(
      z.object({
        resource: resourceSchema,
        scopeLogs: z.array(z.object({ logRecords: z.array(logSchema).nullish() })).nullish(),
      }),
    )
    .nullish(),
});

/** The body of `POST …/v1/traces`. */
export const tracesBodySchema = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: resourceSchema,
        scopeSpans: z.array(z.object({ spans: z.array(spanSchema).nullish() })).nullish(),
      }),
    )
    .nullish(),
});

/**
 * Turns logs of OTLP into ours. Those that name no run are left out.
 *
 * @param body - the logs
 * @returns the records; their runs are UUIDs
 */
export function logRecords(body: z.infer<typeof logsBodySchema>): readonly TelemetryRecord[] {
  return (body.resourceLogs ?? []).flatMap(({ resource, scopeLogs }) =>
    (scopeLogs ?? []).flatMap(({ logRecords: logs }) =>
      (logs ?? []).flatMap((log) => {
        const { of, attributes } = readAttributes(resource?.attributes, log.attributes);
        if (of === null) return [];
        const at = log.timeUnixNano ?? log.observedTimeUnixNano;
        return [
          {
            kind: "log",
            ...of,
            atMs: at === null || at === undefined ? Date.now() : toMs(at),
            spanId: randomSpanId(),
            ...(log.spanId ? { parentSpanId: log.spanId } : {}),
            level: levelOf(log.severityNumber ?? 9),
            message: textOf(plain(log.body)),
            ...attributes,
          } satisfies TelemetryRecord,
        ];
      }),
    ),
  );
}

/**
 * Turns spans of OTLP into ours. Those that name no run are left out, those that have not ended, and those of attempts, which are told by
 * the run itself.
 *
 * @param body - the spans
 * @returns the records; their runs are UUIDs
 */
export function spanRecords(body: z.infer<typeof tracesBodySchema>): readonly TelemetryRecord[] {
  return (body.resourceSpans ?? []).flatMap(({ resource, scopeSpans }) =>
    (scopeSpans ?? []).flatMap(({ spans }) =>
      (spans ?? []).flatMap((span) => {
        const { of, attributes, isPartial, isAttempt } = readAttributes(resource?.attributes, span.attributes);
        if (of === null || isPartial || isAttempt) return [];
        const atMs = toMs(span.startTimeUnixNano);
        return [
          {
            kind: "span",
            ...of,
            atMs,
            spanId: span.spanId,
            ...(span.parentSpanId ? { parentSpanId: span.parentSpanId } : {}),
            level: "trace",
            message: span.name,
            durationMs: Math.max(0, toMs(span.endTimeUnixNano) - atMs),
            isError: span.status?.code === 2,
            ...attributes,
          } satisfies TelemetryRecord,
        ];
      }),
    ),
  );
}

type Attributes = z.infer<typeof attributesSchema>;

interface ReadAttributes {
  /** Whose it is; null where that is not said. */
  readonly of: { readonly runId: string; readonly attempt: number } | null;
  readonly isPartial: boolean;
  readonly isAttempt: boolean;
  /** What the code of the run has said, as JSON text. */
  readonly attributes: { readonly attributes?: string };
}

/** Attributes under these names say where the telemetry comes from, and how it is shown elsewhere. */
const ownPrefix = /^(\$|ctx\.|cli\.|sdk\.|worker\.|execution\.)/;

function readAttributes(ofResource: Attributes, ofRecord: Attributes): ReadAttributes {
  const own = new Map((ofRecord ?? []).map(({ key, value }) => [key, plain(value)]));
  const all = new Map([...(ofResource ?? []).map(({ key, value }) => [key, plain(value)] as const), ...own]);
  const context = (name: string) => all.get(`ctx.${name}`) ?? all.get(`$metadata.ctx.${name}`);
  const id = context("run.id");
  const runId = typeof id === "string" ? fromPublicId("run", id) : null;
  const attempt = Number(context("attempt.number") ?? 1);
  const said = [...own].filter(([key]) => !ownPrefix.test(key));
  return {
    of: runId === null ? null : { runId, attempt: Number.isInteger(attempt) ? attempt : 1 },
    isPartial: all.get("$span.partial") === true,
    isAttempt: all.get("$span.attempt") === true,
    attributes: said.length === 0 ? {} : { attributes: JSON.stringify(Object.fromEntries(said)) },
  };
}

function plain(value: OtlpValue | null | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(plain);
  if (value.intValue !== null && value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? null;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function toMs(nanoseconds: string | number): number {
  // Microseconds are kept: a number holds them.
  return typeof nanoseconds === "number" ? nanoseconds / 1e6 : Number(BigInt(nanoseconds) / 1_000n) / 1_000;
}

function levelOf(severity: number): TelemetryRecord["level"] {
  if (severity >= 17) return "error";
  if (severity >= 13) return "warn";
  if (severity >= 9) return "info";
  return severity >= 5 ? "debug" : "trace";
}

function randomSpanId(): string {
  return crypto.getRandomValues(Buffer.alloc(8)).toString("hex");
}
