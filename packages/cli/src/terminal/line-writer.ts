/** Takes text that is to be written, and never waits for the reader. */
export interface LineWriter {
  /** Queues lines, or leaves them out when too many wait. */
  lines(lines: readonly string[]): void;
  /** Resolves when everything is written, the reader has gone, or the time is over. */
  flush(timeoutMs: number): Promise<void>;
}

/** Writes a text; resolves when it is written, and rejects when nobody reads any more. */
export type Sink = (text: string) => Promise<void>;

const longestQueue = 2_000;
const linesPerWrite = 200;

/**
 * Makes a writer for a process that must go on whatever its reader does: a pipe that nobody reads, or a terminal that is
 * paused, costs lines and not time.
 *
 * @param sink - where to write
 * @param renderLoss - says in one line how many lines were left out
 * @param limit - the most lines that wait
 * @returns the writer
 */
export function createLineWriter(
  sink: Sink,
  renderLoss: (count: number) => string,
  limit: number = longestQueue,
): LineWriter {
  let queue: string[] = [];
  let lost = 0;
  let isGone = false;
  let writing: Promise<void> | null = null;

  const writeAll = async () => {
    while (!isGone && (queue.length > 0 || lost > 0)) {
      const next = queue.splice(0, linesPerWrite);
      // What was left out came after all that waits.
      if (queue.length === 0 && lost > 0) next.push(renderLoss(lost));
      if (queue.length === 0) lost = 0;
      await sink(`${next.join("\n")}\n`).catch(() => {
        isGone = true;
        queue = [];
      });
    }
    writing = null;
  };
  return {
    lines(lines) {
      if (isGone) return;
      for (const line of lines) {
        // After a loss nothing is queued until the loss is told, so that lines stay in order.
        if (lost > 0 || queue.length >= limit) lost += 1;
        else queue.push(line);
      }
      writing ??= writeAll();
    },
    async flush(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((done) => {
        timer = setTimeout(done, timeoutMs);
      });
      await Promise.race([writing, timeout]);
      clearTimeout(timer);
    },
  };
}
