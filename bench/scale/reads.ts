import { toPublicId } from "@pawl/contract/ids";
import { median } from "../measures/statistics.ts";
import type { System } from "../system/system.ts";

const calls = 100;
const warmUp = 10;

/** How long calls take that read, in milliseconds: medians. */
export interface Reads {
  readonly listMs: number;
  readonly retrieveMs: number;
}

/**
 * Asks for the first page of runs, and for single runs, one call after the other.
 *
 * @param system - what is measured
 * @param ids - of the single runs
 * @returns how long the calls took
 */
export async function timeReads({ server }: System, ids: readonly string[]): Promise<Reads> {
  const timesOf = async (pathOf: (n: number) => string) => {
    const took: number[] = [];
    for (let n = 0; n < calls + warmUp; n++) {
      const beganAtMs = performance.now();
      const answer = await fetch(`${server.apiUrl}${pathOf(n)}`, {
        headers: { authorization: `Bearer ${server.secretKey}` },
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${pathOf(n)} answers with ${answer.status}: ${text}`);
      took.push(performance.now() - beganAtMs);
    }
    return median(took.slice(warmUp));
  };
  return {
    listMs: await timesOf(() => "/api/v1/runs?page[size]=25"),
    retrieveMs: await timesOf((n) => `/api/v3/runs/${toPublicId("run", ids[n % ids.length] ?? "")}`),
  };
}
