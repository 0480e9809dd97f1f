import type { Route } from "../api/route.ts";
import { completeAttemptRoute, startAttemptRoute } from "./attempt-routes.ts";
import { dequeueRoute } from "./dequeue-route.ts";
import { disconnectRoute } from "./disconnect-route.ts";
import { otlpRoutes } from "./otlp-routes.ts";
import type { RunParts } from "./run-parts.ts";
import { debugLogRoute, heartbeatRoute, latestSnapshotRoute } from "./snapshot-routes.ts";
import { waitForTimeRoute, waitForTokenRoute } from "./wait-routes.ts";

/**
 * The routes by which a dev session of the original's command line executes runs.
 *
 * @param parts - what they need
 * @returns the routes
 */
export function devRunRoutes(parts: RunParts): readonly Route[] {
  return [
    dequeueRoute(parts),
    startAttemptRoute(parts),
    completeAttemptRoute(parts),
    latestSnapshotRoute(parts),
    heartbeatRoute(parts),
    debugLogRoute(),
    disconnectRoute(parts),
    waitForTimeRoute(parts),
    waitForTokenRoute(parts),
    ...otlpRoutes(parts),
  ];
}
