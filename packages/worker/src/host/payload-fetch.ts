import { type Held, type WaitResult, waitResultSchema } from "@pawl/contract/worker-protocol";

const tries = 5;
const delayMs = 200;
const callTimeoutMs = 30_000;

/**
 * Fetches a text that is too long for a message of control, such as a payload.
 *
 * @param url - its address
 * @param secretKey - the environment's key
 * @returns the text, or null when it can't be had: the run goes back to the server
 */
export async function fetchPayload(url: string, secretKey: string): Promise<string | null> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    try {
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${secretKey}` },
        signal: AbortSignal.timeout(callTimeoutMs),
      });
      const text = await response.text();
      if (response.ok) return text;
      if (response.status < 500) return null;
    } catch {
      // the server is out of reach at the moment
    }
    if (attempt < tries) await new Promise((resolve) => setTimeout(resolve, delayMs * attempt));
  }
  return null;
}

/**
 * Fetches what a wait of a run came to, when that is too long for a message of control.
 *
 * @param apiUrl - the server's URL
 * @param secretKey - the environment's key
 * @param claim - the run
 * @param wait - the key of the wait
 * @returns the result, or null when it can't be had
 */
export async function fetchWaitResult(
  apiUrl: string,
  secretKey: string,
  { runId, fence }: Held,
  wait: string,
): Promise<WaitResult | null> {
  const path = `/worker/v1/runs/${runId}/waits/${encodeURIComponent(wait)}?fence=${fence}`;
  const text = await fetchPayload(`${apiUrl}${path}`, secretKey);
  if (text === null) return null;
  const parsed = waitResultSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}
