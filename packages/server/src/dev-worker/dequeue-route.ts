import { type DequeuedMessage, dequeueAnswerSchema, dequeueBodySchema } from "@pawl/contract/api/dev-runs";
import { fromPublicId, toPublicId } from "@pawl/contract/ids";
import type { Route } from "../api/route.ts";
import { notFound, parse } from "../api/validation.ts";
import type { OfferedRun } from "../engine/polled-run-ports.ts";
import type { Environment } from "../engine/ports.ts";
import { machineOf } from "./machine.ts";
import type { RunParts } from "./run-parts.ts";
import { snapshotView } from "./snapshot.ts";
import { offeredSnapshotId } from "./snapshot-id.ts";

/** How long a call may wait for runs, in milliseconds: a worker asks again at once, and with the version that it has then. */
const longestPollMs = 5_000;

/**
 * `POST /engine/v1/dev/dequeue`: brings runs to a worker, which starts each of them by a call of its own. It is held until there
 * are some, for a few seconds.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function dequeueRoute({ polledHosts, polledRuns }: RunParts): Route {
  return {
    method: "POST",
    path: "/engine/v1/dev/dequeue",
    accepts: "environment_key",
    document: {
      summary: "Get runs to execute",
      tag: "Dev sessions",
      description: "Held for a few seconds until there are some.",
      body: dequeueBodySchema,
      answers: { 200: dequeueAnswerSchema },
    },
    async answer(request, reply, { environment }) {
      const { currentWorker } = parse(dequeueBodySchema, request.body ?? {}, "body");
      const versionId = fromPublicId("version", currentWorker);
      if (versionId === null) throw notFound("version", currentWorker.slice(0, 64));
      const host = await polledHosts.of(environment);
      const gone = new AbortController();
      const leave = () => gone.abort();
      reply.raw.once("close", leave);
      const claims = await host.poll(versionId, AbortSignal.any([gone.signal, AbortSignal.timeout(longestPollMs)]));
      reply.raw.off("close", leave);
      if (claims.length > 0 && gone.signal.aborted) await host.giveBack(claims);
      const offers = claims.length === 0 ? [] : await polledRuns.offers(environment.id, claims);
      return { dequeuedMessages: offers.map((offer) => dequeuedMessage(offer, environment)) };
    },
  };
}

function dequeuedMessage(offer: OfferedRun, environment: Environment): DequeuedMessage {
  const runId = toPublicId("run", offer.runId);
  const versionId = toPublicId("version", offer.versionId);
  return {
    version: "1",
    snapshot: snapshotView(offeredSnapshotId(offer), "PENDING_EXECUTING", "The run was given to the dev session"),
    dequeuedAt: new Date().toISOString(),
    completedWaitpoints: [],
    backgroundWorker: { id: versionId, friendlyId: versionId, version: offer.versionLabel },
    deployment: {},
    run: {
      id: runId,
      friendlyId: runId,
      isTest: offer.isTest,
      isReplay: offer.isReplay,
      machine: machineOf(offer.machine),
      attemptNumber: offer.attempt,
      masterQueue: "main",
      traceContext: {},
    },
    environment: { id: toPublicId("env", environment.id), type: environment.type },
    organization: { id: "org_default" },
    project: { id: environment.projectRef },
  };
}
