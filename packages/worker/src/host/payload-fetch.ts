const tries = 5;
const delayMs = 200;
const callTimeoutMs = 30_000;

/**
 * Fetches a payload that is too long for a message of control.
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
