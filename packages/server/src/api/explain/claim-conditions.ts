import type { RunCondition } from "@pawl/contract/api/explain";
import type { SlotUse, StandingHost } from "../../engine/read-ports.ts";
import {
  combinedLimit,
  combinedRate,
  environmentLimit,
  lineText,
  queueLimit,
  queueOrder,
  queueRate,
  type Surroundings,
} from "./condition.ts";

/** A new run counts those whose wait is over as if they held their slots already: they go first. */
const held = ({ held, resuming }: SlotUse): number => held + resuming;

/**
 * What has to hold for a queued run to be claimed, in the order in which a claim judges it. What can't be judged because an
 * earlier condition does not hold is left out: which host has the version needs a host, and which process is free needs one
 * with the version.
 *
 * @param around - what is around the run
 * @returns the conditions
 */
export function claimConditions(around: Surroundings): readonly RunCondition[] {
  const { hosts } = around.standing;
  return [
    environmentOpen(around),
    hostConnected(around),
    ...(hosts.length === 0 ? [] : [hostHasVersion(around)]),
    queueOpen(around),
    queueLimit(around, held),
    combinedLimit(around, held),
    ...queueOrder(around),
    ...queueRate(around),
    ...combinedRate(around),
    environmentLimit(around, held),
    ...(hosts.some(({ hasVersion }) => hasVersion) ? [processFree(around)] : []),
  ];
}

function environmentOpen({ standing, environmentSlug }: Surroundings): RunCondition {
  const holds = !standing.isEnvironmentPaused;
  const detail = holds
    ? `The environment ${environmentSlug} is not paused.`
    : `The environment ${environmentSlug} is paused: resume it to go on.`;
  return { name: "environment_not_paused", holds, detail };
}

function queueOpen({ standing }: Surroundings): RunCondition {
  const holds = !standing.isQueuePaused;
  const detail = holds
    ? `The queue ${standing.queueName} is not paused.`
    : `The queue ${standing.queueName} is paused: resume it to go on.`;
  return { name: "queue_not_paused", holds, detail };
}

function hostConnected({ standing, environmentSlug }: Surroundings): RunCondition {
  const count = standing.hosts.length;
  const detail =
    count === 0
      ? `No worker host is connected to environment ${environmentSlug}: start one with 'pawl dev' or 'pawl worker'.`
      : `${count} worker ${count === 1 ? "host is" : "hosts are"} connected: ${listed(standing.hosts.map(({ name }) => name))}.`;
  return { name: "host_connected", holds: count > 0, detail };
}

function hostHasVersion({ standing, environmentSlug }: Surroundings): RunCondition {
  const { versionLabel, currentVersionLabel } = standing;
  const able = standing.hosts.filter(({ hasVersion }) => hasVersion);
  if (able.length > 0) {
    const label = versionLabel ?? currentVersionLabel ?? "";
    return {
      name: "host_has_version",
      holds: true,
      detail: `The version ${label} is on ${listed(able.map(({ name }) => name))}.`,
    };
  }
  const detail =
    versionLabel === null
      ? `No connected worker host has the current version ${currentVersionLabel ?? ""} of environment ${environmentSlug} yet: update the worker.`
      : `The run is locked to version ${versionLabel}, which no connected worker host has: start a worker with that code again, or trigger the run anew.`;
  return { name: "host_has_version", holds: false, detail };
}

function processFree({ standing, freeProcesses }: Surroundings): RunCondition {
  const able = standing.hosts.filter(({ hasVersion }) => hasVersion);
  const free = able.filter((host) => (freeProcesses.get(host.id) ?? (host.held === 0 ? 1 : 0)) > 0);
  if (free.length > 0) {
    const detail = `A process is free on ${listed(free.map(({ name }) => name))}.`;
    return { name: "process_free", holds: true, detail };
  }
  const detail = `Every process of the connected worker hosts is busy: ${listed(able.map(busyText))}.${lineText(standing.before)}`;
  return { name: "process_free", holds: false, detail };
}

function busyText({ name, held }: StandingHost): string {
  return `${name} executes ${held} ${held === 1 ? "run" : "runs"}`;
}

const maxListed = 5;

function listed(texts: readonly string[]): string {
  if (texts.length <= maxListed) return texts.join(", ");
  return `${texts.slice(0, maxListed).join(", ")} and ${texts.length - maxListed} more`;
}
