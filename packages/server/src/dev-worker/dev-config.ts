import type { Route } from "../api/route.ts";
import { publicUrlOf } from "../api/token-url.ts";

/** How often a session asks for runs while it has some, in milliseconds. */
const dequeueIntervalWithRunMs = 100;

/** How often it asks while it has none, in milliseconds. */
const dequeueIntervalWithoutRunMs = 250;

/** The most runs that a session executes at once, each in a process of its own. */
const maxConcurrentRuns = 25;

/** The answer of `GET /engine/v1/dev/config`. */
interface DevConfigAnswer {
  readonly environmentId: string;
  readonly dequeueIntervalWithRun: number;
  readonly dequeueIntervalWithoutRun: number;
  readonly maxConcurrentRuns: number;
  readonly engineUrl: string;
}

/**
 * `GET /engine/v1/dev/config`: where a dev session asks for runs, and how often.
 *
 * @returns the route
 */
export function devConfigRoute(): Route {
  return {
    method: "GET",
    path: "/engine/v1/dev/config",
    accepts: "environment_key",
    answer(request, _reply, { environment }): DevConfigAnswer {
      return {
        environmentId: environment.id,
        dequeueIntervalWithRun: dequeueIntervalWithRunMs,
        dequeueIntervalWithoutRun: dequeueIntervalWithoutRunMs,
        maxConcurrentRuns,
        engineUrl: publicUrlOf(request.raw),
      };
    },
  };
}
