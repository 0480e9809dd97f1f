import type { Route } from "../api/route.ts";
import { devConfigRoute } from "./dev-config.ts";
import type { DevWorkerSettings } from "./dev-worker-routes.ts";
import { presenceRoute } from "./presence-route.ts";

/**
 * The routes that a dev session of the original's command line asks for before it executes anything.
 *
 * @param settings - what they need
 * @returns the routes
 */
export function devBootRoutes({ presence }: DevWorkerSettings): readonly Route[] {
  return [devConfigRoute(), presenceRoute(presence)];
}
