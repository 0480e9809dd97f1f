import type { StreamStore } from "../../engine/stream-ports.ts";
import type { Database } from "../db.ts";
import { append } from "./append.ts";
import { createInputWait } from "./input-waits.ts";
import { keepRunsAlive, lockStreams, makeStreams } from "./stream-rows.ts";

/**
 * Streams on Postgres, as the engine writes them.
 *
 * @param db - the database
 * @returns the store
 */
export function createStreamStore(db: Database): StreamStore {
  return {
    append: (environmentId, appends) => append(db, environmentId, appends),
    async create(ref) {
      const [live = [], , streams = []] = await db.transaction([
        keepRunsAlive(ref.environmentId, [ref]),
        makeStreams(ref.environmentId, [ref]),
        lockStreams(ref.environmentId, [ref]),
      ]);
      if (live.length === 0) return "run_over";
      return streams.length === 0 ? "too_many_streams" : "made";
    },
    createInputWait: (wait) => createInputWait(db, wait),
  };
}
