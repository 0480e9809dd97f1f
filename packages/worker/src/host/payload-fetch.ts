import {
  type HostEnvVars,
  hostEnvVarsPath,
  hostEnvVarsSchema,
  type WaitResult,
  waitResultSchema,
} from "@pawl/contract/worker-protocol";

const tries = 5;
const delayMs = 200;
const callTimeoutMs = 30_000;

/** Why a text can't be had: the server does not have it for this host, or does not answer at the moment. */
type Absence = "refused" | "unreachable";

/**
 * Fetches a payload that is too long for a message of control.
 *
 * @param url - its address
 * @param secretKey - the environment's key
 * @returns the text, or null when it can't be had: the run goes back to the server
 */
export async function fetchPayload(url: string, secretKey: string): Promise<string | null> {
  const answer = await fetchText(url, secretKey);
  return "text" in answer ? answer.text : null;
}

/**
 * Fetches what a wait of a run came to, when that is too long for a message of control.
 *
 * @param apiUrl - the server's URL
 * @param secretKey - the environment's key
 * @param runId - the run
 * @param wait - the key of the wait
 * @returns the result, or why it can't be had
 */
export async function fetchWaitResult(
  apiUrl: string,
  secretKey: string,
  runId: string,
  wait: string,
): Promise<WaitResult | Absence> {
  const answer = await fetchText(`${apiUrl}/worker/v1/runs/${runId}/waits/${encodeURIComponent(wait)}`, secretKey);
  if (!("text" in answer)) return answer.absence;
  const parsed = waitResultSchema.safeParse(JSON.parse(answer.text));
  return parsed.success ? parsed.data : "refused";
}

/**
 * Fetches the variables of the environment.
 *
 * @param apiUrl - the server's URL
 * @param secretKey - the environment's key
 * @returns the variables; null when they can't be had at the moment
 */
export async function fetchEnvVars(apiUrl: string, secretKey: string): Promise<HostEnvVars | null> {
  const answer = await fetchText(`${apiUrl}${hostEnvVarsPath}`, secretKey);
  if (!("text" in answer)) return null;
  const parsed = hostEnvVarsSchema.safeParse(JSON.parse(answer.text));
  return parsed.success ? parsed.data : null;
}

async function fetchText(
  url: string,
  secretKey: string,
): Promise<{ readonly text: string } | { readonly absence: Absence }> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    try {
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${secretKey}` },
        signal: AbortSignal.timeout(callTimeoutMs),
      });
      const text = await response.text();
      if (response.ok) return { text };
      if (response.status < 500) return { absence: "refused" };
    } catch {
      // the server is out of reach at the moment
    }
    if (attempt < tries) await new Promise((resolve) => setTimeout(resolve, delayMs * attempt));
  }
  return { absence: "unreachable" };
}
