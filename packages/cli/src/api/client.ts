import type { DoctorReport } from "@pawl/contract/api/doctor";
import type { RunExplanation } from "@pawl/contract/api/explain";
import { requestKeyHeader } from "@pawl/contract/api/headers";
import type { RunDetail, RunEvents, RunList } from "@pawl/contract/api/runs";
import type { TriggerAnswer, triggerOptionsSchema } from "@pawl/contract/api/trigger";
import { newUuid } from "@pawl/contract/ids";
import {
  type RegisteredVersion,
  registeredVersionSchema,
  type TaskList,
  type VersionManifest,
} from "@pawl/contract/task-manifest";
import type { z } from "zod";
import { CommandError } from "../command-error.ts";
import type { Credentials } from "./credentials.ts";
import { type RunFilter, toRunQuery } from "./run-filter.ts";

/** No server answers, or not at the moment. */
export class UnreachableError extends CommandError {}

/** What was asked for is not there. */
export class NotFoundError extends CommandError {}

/** The calls that the commands make. Each throws a CommandError in one sentence when the server does not do it. */
export interface ApiClient {
  /** @param payload - JSON text; absent: no payload */
  trigger(taskId: string, payload: string | undefined, options?: TriggerOptions): Promise<TriggerAnswer>;
  retrieveRun(runId: string): Promise<RunDetail>;
  runEvents(runId: string): Promise<RunEvents>;
  /** Newest first, at most 100. */
  listRuns(filter: RunFilter, limit: number): Promise<RunList>;
  /** Why a run does not execute, condition by condition. */
  explainRun(runId: string): Promise<RunExplanation>;
  /** The run and its unfinished children; one that has finished stays as it is. */
  cancelRun(runId: string): Promise<void>;
  /** @returns the id of the new run */
  replayRun(runId: string, overrides: ReplayOverrides): Promise<string>;
  /** Gives a delayed run another time; `delay` is a duration or an ISO date. */
  rescheduleRun(runId: string, delay: string): Promise<RunDetail>;
  /** Evaluates the invariants. */
  doctor(): Promise<DoctorReport>;
  /** Of the current version. */
  listTasks(): Promise<TaskList>;
  registerVersion(manifest: VersionManifest): Promise<RegisteredVersion>;
}

/** What a replay does differently from its run. */
export interface ReplayOverrides {
  /** JSON text; absent: the run's own. */
  readonly payload?: string | undefined;
  /** The label of a version; absent: the current one. */
  readonly version?: string | undefined;
}

/** Options of a trigger call in the form of the API, but for the type of the payload. */
export type TriggerOptions = Omit<z.input<typeof triggerOptionsSchema>, "payloadType">;

const jsonType = "application/json";

/**
 * Makes a client of a server's HTTP API.
 *
 * @param credentials - the server and the key
 * @returns the client
 */
export function createApiClient(credentials: Credentials): ApiClient {
  // The answers are those of the contract: server and command are released together.
  const get = async <T>(path: string) => (await send(credentials, { method: "GET", path })) as T;
  const post = (path: string, body: unknown, headers = {}) =>
    send(credentials, { method: "POST", path, body: JSON.stringify(body), headers });
  return {
    async trigger(taskId, payload, options = {}) {
      const body = payload === undefined ? { options } : { payload, options: { ...options, payloadType: jsonType } };
      const path = `/api/v1/tasks/${encodeURIComponent(taskId)}/trigger`;
      return (await post(path, body, { [requestKeyHeader]: newUuid() })) as TriggerAnswer; // as above
    },
    retrieveRun: (runId) => get(`/api/v3/runs/${encodeURIComponent(runId)}`),
    runEvents: (runId) => get(`/api/v1/runs/${encodeURIComponent(runId)}/events`),
    listRuns(filter, limit) {
      const query = toRunQuery(filter);
      query.set("page[size]", String(limit));
      return get(`/api/v1/runs?${query}`);
    },
    explainRun: (runId) => get(`/api/v1/runs/${encodeURIComponent(runId)}/explain`),
    async cancelRun(runId) {
      await post(`/api/v2/runs/${encodeURIComponent(runId)}/cancel`, {});
    },
    async replayRun(runId, { payload, version }) {
      const overrides = {
        ...(payload === undefined ? {} : { payload, payloadType: jsonType }),
        ...(version === undefined ? {} : { version }),
      };
      const path = `/api/v1/runs/${encodeURIComponent(runId)}/replay`;
      const answer = await post(path, overrides, { [requestKeyHeader]: newUuid() });
      return (answer as { readonly id: string }).id; // as above
    },
    async rescheduleRun(runId, delay) {
      return (await post(`/api/v1/runs/${encodeURIComponent(runId)}/reschedule`, { delay })) as RunDetail; // as above
    },
    doctor: () => get("/api/v1/doctor"),
    listTasks: () => get("/worker/v1/tasks"),
    registerVersion: async (manifest) => registeredVersionSchema.parse(await post("/worker/v1/versions", manifest)),
  };
}

/** A call of the API. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Makes a call.
 *
 * @param credentials - the server and the key
 * @param request - the call
 * @returns the answer's JSON
 * @throws UnreachableError when no server answers; NotFoundError for what is not there; CommandError for any other refusal
 */
export async function send(credentials: Credentials, request: ApiRequest): Promise<unknown> {
  const { apiUrl } = credentials;
  const { status, text } = await exchange(credentials, request).catch((error: unknown) => {
    throw new UnreachableError(
      `No server answers at ${apiUrl}: start one with "pawl dev" or "pawl server", or correct TRIGGER_API_URL.`,
      { cause: error },
    );
  });
  if (status < 300) return JSON.parse(text);
  if (status === 401) {
    throw new CommandError(
      `The server at ${apiUrl} does not know this key: check TRIGGER_SECRET_KEY and TRIGGER_API_URL.`,
    );
  }
  const message = errorOf(text) ?? `The server at ${apiUrl} answered with status ${status}: look at its log.`;
  if (status === 404) throw new NotFoundError(message);
  throw status === 503 ? new UnreachableError(message) : new CommandError(message);
}

/** Rejects without a whole answer. */
async function exchange({ apiUrl, secretKey }: Credentials, { method, path, body, headers }: ApiRequest) {
  const response = await fetch(`${apiUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${secretKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
}

function errorOf(text: string): string | null {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && "error" in body ? String(body.error) : null;
  } catch {
    return null;
  }
}
