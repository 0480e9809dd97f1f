import type { Route } from "../api/route.ts";
import type { DevWorkerSettings } from "./dev-worker-routes.ts";

/**
 * The routes by which a dev session of the original's command line executes runs.
 *
 * @param settings - what they need
 * @returns the routes
 */
export function devRunRoutes(_settings: DevWorkerSettings): readonly Route[] {
  return [];
}
