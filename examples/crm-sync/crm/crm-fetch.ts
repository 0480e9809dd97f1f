import { retry } from "@pawl/sdk";

const crmUrl = process.env.CRM_URL ?? "http://127.0.0.1:4010";

/**
 * Calls the CRM, and again where that helps: when it says that its limit is reached, at the time that it names; when it is away, with
 * growing pauses.
 *
 * @param path - with its query
 * @param init - as of `fetch`
 * @returns the body of the answer
 * @throws Error for an answer that trying again does not better
 */
export async function crmFetch(path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await retry.fetch(new URL(path, crmUrl), {
    ...init,
    timeoutInMs: 10_000,
    retry: {
      byStatus: {
        "429": {
          strategy: "headers",
          limitHeader: "x-ratelimit-limit",
          remainingHeader: "x-ratelimit-remaining",
          resetHeader: "x-ratelimit-reset",
          resetFormat: "unix_timestamp_in_ms",
        },
        "5xx": { strategy: "backoff", minTimeoutInMs: 200, factor: 2, maxAttempts: 5 },
      },
    },
  });
  if (!response.ok) throw new Error(`${init.method ?? "GET"} ${path} was answered with ${response.status}`);
  return response.json();
}
