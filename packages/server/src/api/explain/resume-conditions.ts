import type { RunCondition } from "@pawl/contract/api/explain";
import type { SlotUse } from "../../engine/read-ports.ts";
import { combinedLimit, environmentLimit, queueLimit, type Surroundings } from "./condition.ts";

const held = ({ held }: SlotUse): number => held;

/**
 * What has to hold for a run whose wait is over to take its slot again, in the order in which it is judged.
 *
 * @param around - what is around the run
 * @returns the conditions
 */
export function resumeConditions(around: Surroundings): readonly RunCondition[] {
  return [hostThere(around), queueLimit(around, held), combinedLimit(around, held), environmentLimit(around, held)];
}

function hostThere({ standing: { host } }: Surroundings): RunCondition {
  const holds = host !== null && !host.isLost;
  const name = host?.name ?? "";
  const detail = holds
    ? `The host ${name}, where its process waits, is connected.`
    : `The host ${name}, where its process waits, is not connected: it comes back, or the run is recovered by another.`;
  return { name: "host_connected", holds, detail };
}
