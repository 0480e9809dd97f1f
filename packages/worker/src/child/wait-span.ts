import type { WaitAbout } from "@pawl/sdk/runtime";
import type { NamedLater } from "./spans.ts";

/**
 * Ends the span of a wait when the wait is over; a wait that was never opened has none.
 *
 * @param span - the span
 * @param about - what is waited for
 * @param result - settles when the wait is over
 */
export async function endWithWait(
  span: NamedLater,
  about: WaitAbout | Promise<WaitAbout>,
  result: Promise<unknown>,
): Promise<void> {
  try {
    const known = await about;
    span.rename(nameOf(known));
    span.setAttributes(attributesOf(known));
  } catch {
    return; // the call that opens it was refused, which the code is told
  }
  try {
    await result;
  } catch (thrown) {
    span.fail(thrown);
  }
  span.end();
}

function nameOf(about: WaitAbout): string {
  switch (about.type) {
    case "duration":
      return `Wait until ${about.date.toISOString()}`;
    case "token":
      return `Wait for token ${about.token}`;
    case "task":
      return `Wait for run ${about.runId}`;
    case "batch":
      return `Wait for batch ${about.batchId}`;
  }
}

function attributesOf(about: WaitAbout): Readonly<Record<string, unknown>> {
  switch (about.type) {
    case "duration":
      return { "wait.type": "duration", "wait.until": about.date.toISOString() };
    case "token":
      return { "wait.type": "token", "wait.token": about.token };
    case "task":
      return { "wait.type": "task", "run.id": about.runId };
    case "batch":
      return { "wait.type": "batch", "batch.id": about.batchId, "batch.runCount": about.runCount };
  }
}
