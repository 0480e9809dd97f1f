import type { Route } from "../api/route.ts";
import type { Engine } from "../engine/engine.ts";
import type { EnvironmentStore } from "../engine/environment-ports.ts";
import type { LoginRequestStore, PersonalTokenStore } from "../engine/personal-token-ports.ts";
import type { RunReader } from "../engine/read-ports.ts";
import { devBootRoutes } from "./boot-routes.ts";
import type { Presence } from "./presence.ts";
import type { RunParts } from "./run-parts.ts";
import { devRunRoutes } from "./run-routes.ts";

/** What the routes of the original's command line need. */
export interface DevWorkerSettings extends Omit<RunParts, "engine"> {
  readonly engine: Engine;
  readonly environments: EnvironmentStore;
  readonly runs: RunReader;
  readonly presence: Presence;
  readonly personalTokens: PersonalTokenStore;
  readonly loginRequests: LoginRequestStore;
  /** Tells the operator of the server, and nobody else, a sentence. */
  readonly tellOperator: (message: string) => void;
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
