import type { HostMessage } from "@pawl/contract/worker-protocol";
import type { Completion, Failure, RunStore, SettlementOutcome } from "../ports.ts";
import { completion } from "./complete.ts";
import { failure } from "./fail.ts";

/**
 * Applies everything that one report of a host says, in one transaction: runs that ended, runs that start, runs given back.
 *
 * @param store - runs
 * @param host - the host and its environment
 * @param report - what it reported
 * @returns which claims were lost, and what became claimable or due
 */
export function settle(
  store: RunStore,
  host: { readonly id: string; readonly environmentId: string },
  report: Extract<HostMessage, { type: "report" }>,
): Promise<SettlementOutcome> {
  const completed: Completion[] = [];
  const failed: Failure[] = [];
  for (const result of report.results) {
    if (result.kind === "completed") completed.push(completion(result));
    else failed.push(failure(result));
  }
  return store.settle({
    environmentId: host.environmentId,
    hostId: host.id,
    completed,
    failed,
    started: report.started,
    returned: report.returned,
  });
}
