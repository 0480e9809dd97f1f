import { logger } from "../logger.ts";
import { type ActiveRun, runtime } from "../runtime.ts";
import { ChunkUpload } from "./chunk-upload.ts";

const localsKey = "pawl.streams";

/** How long an attempt waits at its end for what it pipes, in milliseconds. */
const longestEndMs = 60_000;

/** What the attempt of a run writes to streams. */
class RunUploads {
  readonly #appends = new Map<string, ChunkUpload>();
  readonly #open = new Map<Promise<unknown>, { readonly key: string; readonly stop: () => void }>();

  /** The upload that all appends of the attempt to one stream share, so that they keep their order. */
  appends(runId: string, key: string): ChunkUpload {
    const name = JSON.stringify([runId, key]);
    const known = this.#appends.get(name);
    if (known !== undefined && !known.hasFailed) return known;
    const upload = new ChunkUpload({ runId, key });
    this.#appends.set(name, upload);
    return upload;
  }

  /** Keeps the attempt from ending while something is sent. */
  keep(key: string, done: Promise<unknown>, stop: () => void): void {
    this.#open.set(done, { key, stop });
    const forget = () => void this.#open.delete(done);
    done.then(forget, (error: unknown) => {
      forget();
      logger.error(`The stream ${key} could not be written to its end`, {
        reason: error instanceof Error ? error.message : String(error),
      });
    });
  }

  async end(): Promise<void> {
    if (this.#open.size === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, longestEndMs);
    });
    await Promise.race([Promise.allSettled([...this.#open.keys()]), late]);
    clearTimeout(timer);
    for (const { key, stop } of this.#open.values()) {
      logger.warn(`The stream ${key} was still open a minute after its attempt had ended, and is cut off`);
      stop();
    }
  }
}

/**
 * Finds what the attempt of a run writes to streams; made at its first use.
 *
 * @param run - the run that the code belongs to; null in a backend
 * @returns it; null in a backend
 * @example
 * ```ts
 * const upload = runUploads(run)?.appends("run_1", "tokens") ?? new ChunkUpload({ runId: "run_1", key: "tokens" });
 * ```
 */
export function runUploads(run: ActiveRun | null): RunUploads | null {
  const cell = run === null ? undefined : runtime().context?.getStore();
  if (cell === undefined) return null;
  cell.locals ??= new Map();
  const known = cell.locals.get(localsKey) as RunUploads | undefined; // kept by the line below
  if (known !== undefined) return known;
  const uploads = new RunUploads();
  cell.locals.set(localsKey, uploads);
  cell.atEnd ??= [];
  cell.atEnd.push(() => uploads.end());
  return uploads;
}
