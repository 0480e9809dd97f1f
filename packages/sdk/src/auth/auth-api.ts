import {
  type ClientConfiguration,
  clientSettings,
  configure,
  currentConfiguration,
  type RequestOptions,
} from "../client/client-settings.ts";
import { withConfiguration } from "../client/scoped-configuration.ts";
import { ApiClientMissingError } from "../errors/api-error.ts";
import { badRequest } from "../errors/bad-request.ts";
import type { SkippableColumn } from "../realtime/live-run.ts";
import { withoutUndefined } from "../trigger/trigger-options.ts";
import { makeToken } from "./access-token.ts";
import { type PublicTokenScopes, scopeTexts } from "./token-scopes.ts";

/** What public tokens of every kind take. */
interface TokenOptions {
  /**
   * How long the token is valid, such as `15m`, `24hr` or `2 days`; or until when, as a `Date` or in seconds since 1970. At most 30 days;
   * default: 15 minutes.
   */
  readonly expirationTime?: string | number | Date;
  /** `skipColumns`: what live readers with this token do not get. */
  readonly realtime?: { readonly skipColumns?: readonly SkippableColumn[] };
}

/** What `auth.createPublicToken` takes. */
export interface PublicTokenOptions extends TokenOptions {
  readonly scopes: PublicTokenScopes;
}

/** What `auth.createTriggerPublicToken` and `auth.createBatchTriggerPublicToken` take. */
export interface TriggerPublicTokenOptions extends TokenOptions {
  /** Whether it may be used more than once; default: not. */
  readonly multipleUse?: boolean;
}

/** Tasks, by themselves or by their ids. */
export type TaskRefs = TaskRef | readonly TaskRef[];

type TaskRef = string | { readonly id: string };

/** `auth`: tokens for browsers, and calls with another key. */
export interface AuthApi {
  /**
   * The same as `configure`.
   *
   * @example
   * ```ts
   * auth.configure({ accessToken: "tr_dev_…", baseURL: "http://localhost:3030" });
   * ```
   */
  configure(configuration: ClientConfiguration): void;
  /**
   * Makes a token that a browser may hold, since it allows only what it says. It needs the secret key, so make it in a backend.
   *
   * @param options - what it allows, and how long
   * @returns the token, for `accessToken`
   * @throws BadRequestError when it allows nothing, or its time is not in the next 30 days; AuthenticationError without a secret key
   * @example
   * ```ts
   * const token = await auth.createPublicToken({ scopes: { read: { runs: [handle.id] } }, expirationTime: "1h" });
   * ```
   */
  createPublicToken(options: PublicTokenOptions, requestOptions?: RequestOptions): Promise<string>;
  /**
   * Makes a token that starts one run of one of the tasks; with `multipleUse`, any number of them.
   *
   * @param tasks - one task or several
   * @param options - how often, and how long
   * @returns the token
   * @throws as `createPublicToken`
   * @example
   * ```ts
   * const token = await auth.createTriggerPublicToken("hello", { expirationTime: "1h" });
   * ```
   */
  createTriggerPublicToken(
    tasks: TaskRefs,
    options?: TriggerPublicTokenOptions,
    requestOptions?: RequestOptions,
  ): Promise<string>;
  /**
   * Makes a token that starts one batch of runs of the tasks; with `multipleUse`, any number of them.
   *
   * @param tasks - one task or several
   * @param options - how often, and how long
   * @returns the token
   * @throws as `createPublicToken`
   * @example
   * ```ts
   * const token = await auth.createBatchTriggerPublicToken(["hello", "goodbye"], { multipleUse: true });
   * ```
   */
  createBatchTriggerPublicToken(
    tasks: TaskRefs,
    options?: TriggerPublicTokenOptions,
    requestOptions?: RequestOptions,
  ): Promise<string>;
  /**
   * Makes the calls of some code with another key, or to another server; all other code goes on as it does. What the configuration leaves
   * out is as before. Runs that a task's code triggers in it are no children of its run. In a browser, where nothing tells the calls of
   * one code from another's, it holds for every call until the code has ended.
   *
   * @param configuration - the key, the server
   * @param body - the code
   * @returns what the code returns
   * @throws what the code throws; ApiClientMissingError for a key that is given as undefined
   * @example
   * ```ts
   * const run = await auth.withAuth({ accessToken: staging.key, baseURL: staging.url }, () => runs.retrieve("run_…"));
   * ```
   */
  withAuth<T>(configuration: ClientConfiguration, body: () => T | Promise<T>): Promise<T>;
  /**
   * Makes a public token, and the calls of some code with it.
   *
   * @param options - as of `createPublicToken`
   * @param body - the code
   * @returns what the code returns
   * @throws as `createPublicToken`, and what the code throws
   * @example
   * ```ts
   * await auth.withPublicToken({ scopes: { read: { tags: "user:7" } } }, async () => {
   *   for await (const run of runs.subscribeToRunsWithTag("user:7")) console.log(run.status);
   * });
   * ```
   */
  withPublicToken<T>(options: PublicTokenOptions, body: () => T | Promise<T>): Promise<T>;
  /**
   * Makes a token as `createTriggerPublicToken` does, and the calls of some code with it.
   *
   * @example
   * ```ts
   * await auth.withTriggerPublicToken("hello", { expirationTime: "1m" }, () => tasks.trigger("hello", { name: "Ada" }));
   * ```
   */
  withTriggerPublicToken<T>(
    tasks: TaskRefs,
    options: TriggerPublicTokenOptions,
    body: () => T | Promise<T>,
  ): Promise<T>;
  /**
   * Makes a token as `createBatchTriggerPublicToken` does, and the calls of some code with it.
   *
   * @example
   * ```ts
   * await auth.withBatchTriggerPublicToken("hello", {}, () => tasks.batchTrigger("hello", [{ payload: { name: "Ada" } }]));
   * ```
   */
  withBatchTriggerPublicToken<T>(
    tasks: TaskRefs,
    options: TriggerPublicTokenOptions,
    body: () => T | Promise<T>,
  ): Promise<T>;
}

/**
 * Makes tokens for browsers, and calls with another key.
 *
 * @example
 * ```ts
 * const token = await auth.createPublicToken({ scopes: { read: { runs: handle.id } } });
 * ```
 */
export const auth: AuthApi = {
  configure,
  createPublicToken: (options, requestOptions) =>
    create(scopeTexts(options?.scopes ?? {}), { ...options, requestOptions }),
  createTriggerPublicToken: (tasks, options, requestOptions) =>
    createForTasks("trigger", tasks, { ...options, requestOptions }),
  createBatchTriggerPublicToken: (tasks, options, requestOptions) =>
    createForTasks("batchTrigger", tasks, { ...options, requestOptions }),
  withAuth,
  withPublicToken: async (options, body) => withToken(await auth.createPublicToken(options), body),
  withTriggerPublicToken: async (tasks, options, body) =>
    withToken(await createForTasks("trigger", tasks, options), body),
  withBatchTriggerPublicToken: async (tasks, options, body) =>
    withToken(await createForTasks("batchTrigger", tasks, options), body),
};

/** The token is for the server that has made it. */
function withToken<T>(accessToken: string, body: () => T | Promise<T>): Promise<T> {
  return withAuth({ accessToken, baseURL: clientSettings().baseUrl }, body);
}

/** A key takes the place of both ways to say one. One that is undefined by accident must not let another one through. */
async function withAuth<T>(configuration: ClientConfiguration, body: () => T | Promise<T>): Promise<T> {
  const { secretKey, accessToken, ...around } = currentConfiguration();
  const isOtherKey = configuration.secretKey !== undefined || configuration.accessToken !== undefined;
  if (!isOtherKey && ("secretKey" in configuration || "accessToken" in configuration)) {
    throw new ApiClientMissingError(
      "The key that auth.withAuth was given is undefined. Leave it out to keep the key that is set.",
    );
  }
  const key = isOtherKey ? {} : withoutUndefined({ secretKey, accessToken });
  return withConfiguration({ ...around, ...key, ...configuration }, body);
}

interface Calling {
  readonly requestOptions?: RequestOptions | undefined;
}

async function createForTasks(
  action: "trigger" | "batchTrigger",
  tasks: TaskRefs,
  { multipleUse = false, ...options }: TriggerPublicTokenOptions & Calling,
): Promise<string> {
  const all: readonly TaskRef[] = Array.isArray(tasks) ? tasks : [tasks as TaskRef]; // no array is readonly to isArray
  const ids = all.map((task) => (typeof task === "string" ? task : task.id));
  if (ids.length === 0 || ids.some((id) => typeof id !== "string" || id === "")) {
    throw badRequest("tasks", "Name the tasks that the token is for.");
  }
  return create(scopeTexts({ [action]: { tasks: ids } }), options, !multipleUse);
}

async function create(
  scopes: readonly string[],
  { expirationTime, realtime, requestOptions }: TokenOptions & Calling,
  oneTimeUse?: boolean,
): Promise<string> {
  if (scopes.length === 0) {
    throw badRequest(
      "scopes",
      "A public token needs scopes, such as { read: { runs: handle.id } }: without any it allows nothing.",
    );
  }
  return makeToken({ scopes, expirationTime, oneTimeUse, realtime }, requestOptions);
}
