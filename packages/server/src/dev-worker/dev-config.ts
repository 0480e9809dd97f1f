import type { Route } from "../api/route.ts";
import { publicUrlOf } from "../api/token-url.ts";

/** How soon a session asks again that was given runs, in milliseconds. */
const dequeueIntervalWithRunMs = 20;

/** How soon one asks again that was given none, in milliseconds: it was answered only after it had waited for some. */
const dequeueIntervalWithoutRunMs = 20;

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
