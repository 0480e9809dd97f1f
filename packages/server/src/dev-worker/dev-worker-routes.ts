import type { Route } from "../api/route.ts";
import type { Engine } from "../engine/engine.ts";
import { devBootRoutes } from "./boot-routes.ts";
import type { Presence } from "./presence.ts";
import { devRunRoutes } from "./run-routes.ts";

/** What the routes of the original's command line need. */
export interface DevWorkerSettings {
  readonly engine: Engine;
  readonly presence: Presence;
}

/**
 * The routes of the original's command line: how it signs in, starts a dev session and executes runs.
 *
 * @param settings - what they need
 * @returns the routes
 */
export function devWorkerRoutes(settings: DevWorkerSettings): readonly Route[] {
  return [...devBootRoutes(settings), ...devRunRoutes(settings)];
}
