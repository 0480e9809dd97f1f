import { setTimeout as delay } from "node:timers/promises";
import { inlinePacketLength } from "@pawl/contract/packet";
import { type RunResult, runOutputPath, storedOutputSchema } from "@pawl/contract/worker-protocol";

/** Statuses below 500 that another try may not get: the call took too long, or came too soon. */
const passing: ReadonlySet<number> = new Set([408, 429]);

const callTimeoutMs = 60_000;
const firstDelayMs = 200;
const longestDelayMs = 5_000;

/** Whether an output is too long for a report, and is stored before it. */
export function isLongOutput(result: RunResult): boolean {
  return result.kind === "completed" && (result.output?.length ?? 0) > inlinePacketLength;
}

/**
 * Stores the output of a run that ended well, so that its report is short and delays no other. While the server is away it is tried
 * again and again, as reports are.
 *
 * @param apiUrl - the server's URL
 * @param secretKey - the environment's key
 * @param result - the result, with a long output
 * @returns the result with the output's path, or a failure where the server refuses it
 */
export async function storeOutput(apiUrl: string, secretKey: string, result: RunResult): Promise<RunResult> {
  if (result.kind !== "completed") return result;
  const { runId, fence, durationMs, output = "", outputType } = result;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(longestDelayMs, delayMs * 2)) {
    try {
      const response = await fetch(`${apiUrl}${runOutputPath(runId)}`, {
        method: "PUT",
        headers: { authorization: `Bearer ${secretKey}`, "content-type": outputType },
        body: output,
        signal: AbortSignal.timeout(callTimeoutMs),
      });
      const text = await response.text();
      if (response.ok) {
        const { path } = storedOutputSchema.parse(JSON.parse(text));
        return { ...result, output: path, outputType: "application/store" };
      }
      if (response.status < 500 && !passing.has(response.status)) {
        const message = `The server refused the output: ${text.slice(0, 500)}`;
        const error = { type: "INTERNAL_ERROR", code: "TASK_OUTPUT_ERROR", message } as const;
        return { kind: "failed", runId, fence, durationMs, error, retry: { never: true } };
      }
    } catch {
      // the server is out of reach at the moment
    }
    await delay(delayMs, undefined, { ref: false });
  }
}
