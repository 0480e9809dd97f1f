import {
  type BackgroundWorkerAnswer,
  type BackgroundWorkerBody,
  type BackgroundWorkerTask,
  backgroundWorkerAnswerSchema,
  backgroundWorkerBodySchema,
} from "@pawl/contract/api/background-workers";
import { toPublicId } from "@pawl/contract/ids";
import { mergeRetryPolicies } from "@pawl/contract/retry";
import { type VersionManifest, versionManifestSchema } from "@pawl/contract/task-manifest";
import { ApiError } from "../api/errors.ts";
import { refuseDuplicates, refusedDeclarations } from "../api/refused-version.ts";
import type { Route } from "../api/route.ts";
import { parse } from "../api/validation.ts";
import type { Engine } from "../engine/engine.ts";
import type { PolledHosts } from "./polled-hosts.ts";

/** The sources of all tasks come along, for a dashboard. */
const bodyLimit = 64 * 1024 * 1024;

/**
 * `POST /api/v1/projects/:ref/background-workers`: makes the version that a dev session has built the current one. The same content
 * is the same version. What an older one has begun, or a run that is locked to it, still finds it.
 *
 * @param engine - registers the version
 * @param polledHosts - has sessions ask for runs with their new version
 * @returns the route
 */
export function registerBackgroundWorkerRoute(
  engine: Pick<Engine, "registerVersion">,
  polledHosts: Pick<PolledHosts, "versionRegistered">,
): Route {
  return {
    method: "POST",
    path: "/api/v1/projects/:ref/background-workers",
    accepts: "environment_key",
    bodyLimit,
    document: {
      summary: "Register the version that a dev session has built",
      tag: "Dev sessions",
      body: backgroundWorkerBodySchema,
      answers: { 200: backgroundWorkerAnswerSchema },
    },
    async answer(request, _reply, { environment }): Promise<BackgroundWorkerAnswer> {
      const { metadata } = parse(backgroundWorkerBodySchema, request.body, "body");
      refuseDuplicates(metadata.tasks);
      const manifest = toManifest(metadata);
      const outcome = await engine.registerVersion(environment, manifest);
      if (outcome.kind === "refused") throw refusedDeclarations(outcome.refused);
      polledHosts.versionRegistered(environment.id);
      const { id, label } = outcome.version;
      return { id: toPublicId("version", id), version: label, contentHash: manifest.contentHash };
    },
  };
}

/**
 * Puts what the original's command line knows of a version into our words. Each of its runs has a process of its own.
 *
 * @param metadata - as it came
 * @returns the manifest
 * @throws ApiError that names the task and the setting which Pawl does not have, or which is out of range
 */
export function toManifest(metadata: BackgroundWorkerBody["metadata"]): VersionManifest {
  const { contentHash, tasks, queues = [] } = metadata;
  const declared = new Map(queues.map((queue) => [queue.name, queue]));
  const manifest = {
    contentHash,
    processKeepAlive: false,
    tasks: tasks.map(({ id, filePath, exportName, description, maxDuration, ttl, schedule, ...task }) => ({
      id,
      filePath,
      exportName,
      description,
      queue: queueOf({ id, ...task }, declared),
      retry: mergeRetryPolicies(task.retry),
      maxDuration,
      ttl,
      machine: task.machine?.preset,
      isScheduled: task.triggerSource === "schedule" || undefined,
      schedule,
    })),
  };
  return parse(versionManifestSchema, manifest, "metadata");
}

type Queue = NonNullable<BackgroundWorkerBody["metadata"]["queues"]>[number];

function queueOf(
  { id, queue, concurrency, gates = [] }: Pick<BackgroundWorkerTask, "id" | "queue" | "concurrency" | "gates">,
  declared: ReadonlyMap<string, Queue>,
) {
  const { inline, limits = [] } = concurrency ?? {};
  const isOwn = queue?.name === undefined;
  if (gates.length > 0 || limits.length > 0 || (inline !== undefined && !isOwn)) {
    throw new ApiError(
      "unprocessable",
      `The task ${id} shares concurrency limits with other tasks beside its queue, which Pawl does not offer. Give those tasks one queue with that limit.`,
      "metadata.tasks",
    );
  }
  const name = queue?.name ?? `task/${id}`;
  const shared = declared.get(name);
  return {
    name,
    concurrencyLimit: inline?.perKey ?? queue?.concurrencyLimit ?? shared?.concurrencyLimit,
    combinedConcurrencyLimit: inline?.total ?? queue?.combinedConcurrencyLimit ?? shared?.combinedConcurrencyLimit,
  };
}
