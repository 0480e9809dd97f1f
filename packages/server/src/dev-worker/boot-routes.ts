import type { Route } from "../api/route.ts";
import { registerBackgroundWorkerRoute } from "./background-workers.ts";
import { devConfigRoute } from "./dev-config.ts";
import type { DevWorkerSettings } from "./dev-worker-routes.ts";
import { loginRoutes } from "./login-routes.ts";
import { personalTokenRoutes } from "./personal-token-routes.ts";
import { presenceRoute } from "./presence-route.ts";
import { projectRoutes } from "./project-routes.ts";
import { projectRunsRoute } from "./project-runs.ts";

/**
 * The routes that the original's command line asks for before it executes anything: who calls, with which key, which version it has
 * built, and that it is there.
 *
 * @param settings - what they need
 * @returns the routes
 */
export function devBootRoutes(settings: DevWorkerSettings): readonly Route[] {
  const { engine, presence, polledHosts, personalTokens } = settings;
  return [
    ...loginRoutes(settings),
    ...personalTokenRoutes(personalTokens),
    ...projectRoutes(settings),
    projectRunsRoute(settings),
    devConfigRoute(),
    presenceRoute(presence),
    registerBackgroundWorkerRoute(engine, polledHosts),
  ];
}
