import type { RunDetail } from "@pawl/contract/api/runs";
import { until } from "./until.ts";

/** An answer of a server. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Calls of a server's HTTP API, in plain sight. */
export interface Api {
  /** Answers with whatever the server says; rejects when there is none. */
  call(method: "GET" | "POST" | "PUT", path: string, body?: string, key?: string): Promise<Answer>;
  /** @returns the run's id */
  trigger(taskId: string, payload: unknown, options?: Readonly<Record<string, unknown>>): Promise<string>;
  run(runId: string): Promise<RunDetail>;
  /** Waits until a run is in a state; a server that is away at the moment is waited for. */
  untilRun(runId: string, what: string, is: (run: RunDetail) => boolean, timeoutMs?: number): Promise<RunDetail>;
  untilFinished(runId: string, timeoutMs?: number): Promise<RunDetail>;
}

/**
 * Makes the calls of a server.
 *
 * @param apiUrl - of the server
 * @param secretKey - of the environment
 * @returns its calls
 */
export function apiOf(apiUrl: string, secretKey: string): Api {
  const call: Api["call"] = async (method, path, body, key = secretKey) => {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text) as Answer["body"] }; // every answer of the API is an object
  };
  const run: Api["run"] = async (runId) => {
    const { status, body } = await call("GET", `/api/v3/runs/${runId}`);
    if (status !== 200) throw new Error(`Run ${runId} was answered with ${status}: ${body.error}`);
    return body as unknown as RunDetail; // the contract of this route
  };
  const untilRun: Api["untilRun"] = async (runId, what, is, timeoutMs = 30_000) => {
    let last: RunDetail | null = null;
    const look = async () => {
      last = await run(runId).catch(() => null);
      return last !== null && is(last) ? last : null;
    };
    try {
      return await until(`run ${runId} ${what}`, look, { timeoutMs });
    } catch (cause) {
      throw new Error(`The run never ${what}; it was last seen as ${JSON.stringify(last)}`, { cause });
    }
  };
  return {
    call,
    async trigger(taskId, payload, options = {}) {
      const request = { payload: JSON.stringify(payload), options: { payloadType: "application/json", ...options } };
      const { status, body } = await call("POST", `/api/v1/tasks/${taskId}/trigger`, JSON.stringify(request));
      if (status !== 200) throw new Error(`The trigger call was answered with ${status}: ${body.error}`);
      return String(body.id);
    },
    run,
    untilRun,
    untilFinished: (runId, timeoutMs) => untilRun(runId, "finished", ({ isCompleted }) => isCompleted, timeoutMs),
  };
}
