import type { Dispatchers } from "../dispatchers.ts";
import type { OrderDesk } from "../host/order-desk.ts";
import type { CancelOutcome } from "../ports.ts";

/**
 * Tells whom it concerns that runs were cancelled: the hosts that execute or hold them, and who may have the slots that came free.
 *
 * @param orders - tells hosts of this server
 * @param dispatchers - the hosts of this server, and the way to others
 * @param environmentId - the environment of the runs
 * @param outcome - what became of them
 */
export function tellCanceled(
  orders: OrderDesk,
  dispatchers: Dispatchers,
  environmentId: string,
  outcome: CancelOutcome,
): void {
  if (orders.send(outcome)) dispatchers.ordered(environmentId);
  const { finished, recalled, cancelling } = outcome; // one that was resuming no longer waits for a slot
  if (finished.length + recalled.length + cancelling.length > 0) dispatchers.freed(environmentId);
}
