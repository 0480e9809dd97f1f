import type { Engine } from "../engine.ts";
import { planDeclared } from "../schedules/declared-schedules.ts";
import type { EngineParts } from "./engine-parts.ts";

/** The verbs of queues, environments and versions: what may be claimed. */
export type QueueVerbs = Pick<
  Engine,
  | "setQueuePaused"
  | "overrideQueueLimit"
  | "overrideQueueRates"
  | "setEnvironmentPaused"
  | "setEnvironmentLimit"
  | "registerVersion"
>;

/**
 * Makes the verbs of queues, environments and versions.
 *
 * @param parts - what they work with
 * @returns the verbs
 */
export function queueVerbs({ settings, dispatchers, services }: EngineParts): QueueVerbs {
  const { runs, queues, versions, schedules } = settings;

  /** A pause leaves nothing to claim, and orders for runs that are claimed ahead; its end opens lanes. */
  function pauseChanged(environmentId: string, isPaused: boolean): void {
    if (!isPaused) return dispatchers.freed(environmentId);
    services.orders.look(environmentId);
    dispatchers.ordered(environmentId);
  }

  return {
    async setQueuePaused(environmentId, name, isPaused) {
      const isFound = await queues.setPaused(environmentId, name, isPaused);
      if (isFound) pauseChanged(environmentId, isPaused);
      return isFound;
    },
    async overrideQueueLimit(environmentId, name, limit) {
      const isFound = await queues.overrideLimit(environmentId, name, limit);
      if (isFound) dispatchers.freed(environmentId);
      return isFound;
    },
    async overrideQueueRates(environmentId, name, rates) {
      const isFound = await queues.overrideRates(environmentId, name, rates);
      if (isFound) dispatchers.freed(environmentId);
      return isFound;
    },
    async setEnvironmentPaused(environmentId, isPaused) {
      await queues.setEnvironmentPaused(environmentId, isPaused);
      pauseChanged(environmentId, isPaused);
    },
    async setEnvironmentLimit(environmentId, limit) {
      await queues.setEnvironmentLimit(environmentId, limit);
      dispatchers.freed(environmentId);
    },
    async registerVersion(environment, manifest) {
      const declared = planDeclared(manifest.tasks, environment.type, await schedules.now());
      if (declared.kind === "refused") return declared;
      const version = await versions.register(environment.id, manifest, declared.schedules);
      await runs.promotePending(environment.id);
      dispatchers.freed(environment.id); // its queues may have other limits
      services.scheduleFires.expect(0);
      return { kind: "registered", version };
    },
  };
}
