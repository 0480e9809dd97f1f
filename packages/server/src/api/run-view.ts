import type { RelatedRun, RunDetail, RunSummary } from "@pawl/contract/api/runs";
import { publicRunError } from "@pawl/contract/errors";
import { toPublicId } from "@pawl/contract/ids";
import { type PacketType, packetAsJson } from "@pawl/contract/packet";
import { publicStatus, type RunStanding, statusFlags } from "@pawl/contract/run-state";
import type { Engine } from "../engine/engine.ts";
import type { Environment } from "../engine/ports.ts";
import type { RunFamily, RunReader, RunRecord, RunRecordWithPackets } from "../engine/read-ports.ts";
import { explain } from "./explain/explain.ts";
import { generatorOf } from "./schedule-view.ts";

/**
 * Renders what every answer about a run tells.
 *
 * @param run - the run as stored
 * @returns its summary, with fields that do not apply left out
 */
export function runSummary(run: RunRecord): RunSummary {
  const status = publicStatus(standingOf(run));
  return {
    id: toPublicId("run", run.id),
    status,
    taskIdentifier: run.taskId,
    ...statusFlags(status),
    ...(run.idempotencyKey === null ? {} : { idempotencyKey: run.idempotencyKey }),
    isTest: run.isTest,
    createdAt: run.createdAt.toISOString(),
    updatedAt: (run.finishedAt ?? run.startedAt ?? run.createdAt).toISOString(),
    ...(run.startedAt === null ? {} : { startedAt: run.startedAt.toISOString() }),
    ...(run.finishedAt === null ? {} : { finishedAt: run.finishedAt.toISOString() }),
    ...(run.delayedUntil === null ? {} : { delayedUntil: run.delayedUntil.toISOString() }),
    ...(run.ttlS === null || run.ttlS === 0 ? {} : { ttl: durationText(run.ttlS) }),
    ...(status !== "EXPIRED" || run.finishedAt === null ? {} : { expiredAt: run.finishedAt.toISOString() }),
    ...(run.versionLabel === null ? {} : { version: run.versionLabel }),
    ...(run.region === null ? {} : { region: run.region }),
    tags: run.tags,
    costInCents: 0,
    baseCostInCents: 0,
    durationMs: run.durationMs,
  };
}

/** Writes a length of time as durations are given: `1h30m`. */
function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ] as const;
  return parts.map(([count, unit]) => (count === 0 ? "" : `${count}${unit}`)).join("");
}

/**
 * Renders a run of another's family.
 *
 * @param run - the run as stored
 * @returns its summary, and its place in the family
 */
function relatedRun(run: RunRecord): RelatedRun {
  return {
    ...runSummary(run),
    depth: run.depth,
    triggerFunction: run.triggerFunction,
    ...(run.batchId === null ? {} : { batchId: toPublicId("batch", run.batchId) }),
  };
}

/** What {@link readRunDetail} needs. */
export interface RunDetailSources {
  readonly runs: Pick<RunReader, "standing" | "family">;
  readonly engine: Pick<Engine, "freeProcesses">;
}

/**
 * Reads and renders all that the API tells of one run; of an unfinished one also why it is not executing.
 *
 * @param sources - where its family and its standing are read
 * @param environment - of the run
 * @param run - the run as stored, with its packets
 * @returns the detail
 */
export async function readRunDetail(
  { runs, engine }: RunDetailSources,
  environment: Environment,
  run: RunRecordWithPackets,
): Promise<RunDetail> {
  const isIdle = run.state !== null && run.state !== "executing";
  const [family, standing] = await Promise.all([
    runs.family(environment.id, run),
    isIdle ? runs.standing(environment.id, run.id) : null,
  ]);
  // The run may have moved on between the reads; then there is nothing to explain.
  if (standing === null) return runDetail(run, family, null);
  const freeProcesses = engine.freeProcesses(environment.id);
  return runDetail(run, family, explain({ standing, environmentSlug: environment.slug, freeProcesses }).reason);
}

function runDetail(run: RunRecordWithPackets, family: RunFamily, reason: string | null): RunDetail {
  return {
    ...relatedRun(run),
    relatedRuns: {
      ...(family.root === null ? {} : { root: relatedRun(family.root) }),
      ...(family.parent === null ? {} : { parent: relatedRun(family.parent) }),
      children: family.children.map(relatedRun),
    },
    ...(run.metadata === null ? {} : { metadata: JSON.parse(run.metadata) as Record<string, unknown> }), // stored as an object
    ...(run.schedule === null ? {} : { schedule: scheduleOf(run.schedule) }),
    ...(run.payload === null ? {} : { payload: asJson(run.payload, run.payloadType) }),
    ...(run.output === null ? {} : { output: asJson(run.output, run.outputType ?? "application/json") }),
    ...(run.error === null ? {} : { error: publicRunError(run.error) }),
    attemptCount: run.attempt,
    attempts: run.failedAttempts.map(({ number, startedAt, failedAt, error }) => ({
      number,
      startedAt: startedAt.toISOString(),
      failedAt: failedAt.toISOString(),
      error: publicRunError(error),
    })),
    realtimeStreams: run.streamKeys,
    ...(reason === null ? {} : { reason }),
  };
}

function scheduleOf(schedule: NonNullable<RunRecordWithPackets["schedule"]>): NonNullable<RunDetail["schedule"]> {
  const { id, externalId, deduplicationKey, cron } = schedule;
  return {
    id: toPublicId("sched", id),
    ...(externalId === null ? {} : { externalId }),
    ...(deduplicationKey === null ? {} : { deduplicationKey }),
    generator: generatorOf(cron),
  };
}

function standingOf(run: RunRecord): RunStanding {
  if (run.outcome !== null) return { state: null, outcome: run.outcome, attempt: run.attempt };
  if (run.state !== null) return { state: run.state, outcome: null, attempt: run.attempt };
  throw new Error(`run ${run.id} has neither a state nor an outcome`);
}

/** A packet that is not what its type says is shown as the text it is: the run is to be seen all the same. */
function asJson(text: string, type: PacketType): unknown {
  try {
    return packetAsJson({ text, type });
  } catch {
    return text;
  }
}
