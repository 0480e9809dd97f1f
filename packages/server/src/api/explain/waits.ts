import { formatDuration } from "@pawl/contract/duration";
import { toPublicId } from "@pawl/contract/ids";
import type { RunStanding, StandingWait } from "../../engine/read-ports.ts";

const maxNamed = 3;

/**
 * Says what a waiting run waits for.
 *
 * @param standing - the figures of the run
 * @returns a sentence
 */
export function waitReason({ waits, now }: RunStanding): string {
  const named = waits.slice(0, maxNamed).map((wait) => waitText(wait, now));
  const [only] = named;
  if (only === undefined) return "The wait of the run is over: it goes on at any moment.";
  if (named.length === 1) return `The run waits for ${only}.`;
  const more = waits.length > maxNamed ? `, and ${waits.length - maxNamed} more` : "";
  return `The run waits for the first of ${waits.length}: ${named.join("; ")}${more}.`;
}

function waitText({ kind, id, since, dueAt, ended, total }: StandingWait, now: Date): string {
  const age = formatDuration(Math.max(0, now.getTime() - since.getTime()));
  switch (kind) {
    case "time":
      return `a time: until ${dueAt?.toISOString() ?? "later"}`;
    case "token": {
      const until = dueAt === null ? "" : ` and times out at ${dueAt.toISOString()}`;
      return `the token ${toPublicId("waitpoint", id)}, which was made ${age} ago${until}`;
    }
    case "run":
      return `the run ${toPublicId("run", id)}, for ${age}`;
    case "batch":
      return `the batch ${toPublicId("batch", id)}, of which ${ended} of ${total} runs have ended`;
  }
}
