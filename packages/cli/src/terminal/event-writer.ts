import pc from "picocolors";
import type { DevEvent } from "../dev/dev-event.ts";
import { renderDevEvent } from "./dev-lines.ts";
import { createLineWriter } from "./line-writer.ts";
import { openStandardOutput } from "./standard-output.ts";

/** Shows what happens in `pawl dev` and `pawl worker`. */
export interface EventWriter {
  /** Shows an event; it never waits for the reader. */
  readonly tell: (event: DevEvent) => void;
  /** Comes before the end of the process; a reader that stopped holds it up for half a second. */
  flush(): Promise<void>;
}

const flushMs = 500;

/**
 * Makes the writer of events on standard output.
 *
 * @param options - `json`: whether the reader is a program
 * @returns the writer
 */
export function createEventWriter({ json: isJson = false }: { readonly json?: boolean | undefined }): EventWriter {
  const writer = createLineWriter(openStandardOutput(), (count) =>
    isJson
      ? JSON.stringify({ at: new Date().toISOString(), type: "lines_dropped", count })
      : pc.yellow(`… ${count} lines were not shown, since they were not read fast enough.`),
  );
  return {
    tell(event) {
      const at = new Date();
      writer.lines(isJson ? [JSON.stringify({ at: at.toISOString(), ...event })] : renderDevEvent(event, at));
    },
    flush: () => writer.flush(flushMs),
  };
}
