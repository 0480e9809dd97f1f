import { type AuthApi, auth } from "./auth/auth-api.ts";
import { type CallTarget, checkConfiguration, type RequestOptions } from "./client/client-settings.ts";
import { type DeploymentsApi, deployments } from "./deployments/deployments-api.ts";
import { type EnvVarsApi, envvars } from "./envvars/envvars-api.ts";
import { type IdempotencyKeysApi, idempotencyKeys } from "./idempotency/idempotency-keys-api.ts";
import { type QueuesApi, queues } from "./queues/queues-api.ts";
import type { BulkApi } from "./runs/bulk.ts";
import { runs } from "./runs/runs-api.ts";
import { type SchedulesApi, schedules } from "./schedules/schedules-api.ts";
import { type StreamsApi, streams } from "./streams/streams-api.ts";
import { type BatchApi, batch } from "./trigger/batch-api.ts";
import { type TasksApi, tasks } from "./trigger/tasks-api.ts";
import { type WaitApi, wait } from "./wait/wait-api.ts";

/**
 * What `new TriggerClient` takes. What it leaves out comes from the environment variables.
 *
 * @example
 * ```ts
 * const target: TriggerClientConfig = { accessToken: "tr_prod_…", baseURL: "https://pawl.example.com" };
 * ```
 */
export type TriggerClientConfig = CallTarget;

/**
 * The calls of the SDK for one target: a server, and an environment of it. Any number of clients can be used side by side, beside what
 * `configure` has set; each is made of the same calls as the SDK itself. Those that only the code of a task can make, such as waits and
 * `triggerAndWait`, belong to the run and not to a client. In the code of a task, runs that a client triggers are no children of its
 * run, unless `inheritContext` is set.
 *
 * @example
 * ```ts
 * const staging = new TriggerClient({ accessToken: "tr_stg_…", baseURL: "https://staging.example.com" });
 * const production = new TriggerClient({ accessToken: "tr_prod_…", baseURL: "https://pawl.example.com" });
 * const handle = await staging.tasks.trigger("hello", { name: "Ada" });
 * const run = await staging.runs.poll(handle);
 * await production.tasks.trigger("hello", { name: String(run.output) });
 * ```
 */
export class TriggerClient {
  readonly tasks: Pick<TasksApi, "trigger" | "batchTrigger" | "triggerAndSubscribe">;
  readonly runs: typeof runs;
  readonly batch: Pick<BatchApi, "trigger" | "triggerByTask" | "retrieve">;
  readonly queues: QueuesApi;
  readonly schedules: Omit<SchedulesApi, "task">;
  /** Each call begins with the project's ref and the environment's slug. */
  readonly envvars: EnvVarsApi;
  readonly deployments: DeploymentsApi;
  readonly streams: Pick<StreamsApi, "read">;
  readonly wait: Pick<WaitApi, "createToken" | "completeToken" | "retrieveToken" | "listTokens">;
  readonly idempotencyKeys: Pick<IdempotencyKeysApi, "reset">;
  readonly auth: Pick<AuthApi, "createPublicToken" | "createTriggerPublicToken" | "createBatchTriggerPublicToken">;

  /**
   * Makes a client; nothing is asked for yet.
   *
   * @param config - the target; a key or a URL that is missing is said by the first call, with an ApiClientMissingError
   * @throws TypeError that names a misspelt setting
   */
  constructor(config: TriggerClientConfig = {}) {
    checkConfiguration("TriggerClient", config);
    const to = boundTo(config);
    this.tasks = {
      trigger: to(3, tasks.trigger),
      batchTrigger: to(3, tasks.batchTrigger),
      triggerAndSubscribe: to(3, tasks.triggerAndSubscribe),
    };
    this.batch = {
      trigger: to(2, batch.trigger),
      triggerByTask: to(2, batch.triggerByTask),
      retrieve: to(1, batch.retrieve),
    };
    this.runs = runsOf(to);
    this.queues = queuesOf(to);
    this.schedules = schedulesOf(to);
    this.envvars = envvarsOf(to);
    this.wait = {
      createToken: to(1, wait.createToken),
      completeToken: to(2, wait.completeToken),
      retrieveToken: to(1, wait.retrieveToken),
      listTokens: to(1, wait.listTokens),
    };
    this.deployments = { retrieveCurrent: to(0, deployments.retrieveCurrent), list: to(1, deployments.list) };
    this.streams = { read: to(([, key]) => (typeof key === "string" ? 2 : 1), streams.read) };
    this.idempotencyKeys = { reset: to(3, idempotencyKeys.reset) };
    this.auth = {
      createPublicToken: to(1, auth.createPublicToken),
      createTriggerPublicToken: to(2, auth.createTriggerPublicToken),
      createBatchTriggerPublicToken: to(2, auth.createBatchTriggerPublicToken),
    };
  }
}

type AnyCall = (...given: never[]) => unknown;

/** Binds a call to a target: its request options are the argument at a place, which may depend on the others. */
type Bind = <TCall extends AnyCall>(place: number | ((given: readonly unknown[]) => number), call: TCall) => TCall;

function boundTo(target: CallTarget): Bind {
  return <TCall extends AnyCall>(place: number | ((given: readonly unknown[]) => number), call: TCall) => {
    const bound = (...given: unknown[]) => {
      const at = typeof place === "number" ? place : place(given);
      const options: RequestOptions = { clientConfig: target, ...(given[at] as RequestOptions | undefined) };
      const padded = Array.from({ length: Math.max(at + 1, given.length) }, (_, index) => given[index]);
      padded[at] = options;
      return call(...(padded as never[]));
    };
    return bound as unknown as TCall; // the same call, with one argument more
  };
}

function runsOf(to: Bind): typeof runs {
  const { bulk } = runs;
  const bound: BulkApi = {
    cancel: to(1, bulk.cancel),
    replay: to(1, bulk.replay),
    retrieve: to(1, bulk.retrieve),
    poll: to(2, bulk.poll),
    list: to(1, bulk.list),
    abort: to(1, bulk.abort),
  };
  return {
    retrieve: to(1, runs.retrieve),
    poll: to(2, runs.poll),
    list: to(1, runs.list),
    cancel: to(1, runs.cancel),
    replay: to(2, runs.replay),
    reschedule: to(2, runs.reschedule),
    bulk: bound,
    fetchStream: to(2, runs.fetchStream),
    subscribeToRun: to(1, runs.subscribeToRun),
    subscribeToRunsWithTag: to(1, runs.subscribeToRunsWithTag),
    subscribeToBatch: to(1, runs.subscribeToBatch),
  };
}

function queuesOf(to: Bind): QueuesApi {
  return {
    list: to(1, queues.list),
    retrieve: to(1, queues.retrieve),
    pause: to(1, queues.pause),
    resume: to(1, queues.resume),
    overrideConcurrencyLimit: to(2, queues.overrideConcurrencyLimit),
    resetConcurrencyLimit: to(1, queues.resetConcurrencyLimit),
    overrideRateLimit: to(2, queues.overrideRateLimit),
    resetRateLimit: to(1, queues.resetRateLimit),
  };
}

function schedulesOf(to: Bind): Omit<SchedulesApi, "task"> {
  return {
    create: to(1, schedules.create),
    retrieve: to(1, schedules.retrieve),
    update: to(2, schedules.update),
    list: to(1, schedules.list),
    activate: to(1, schedules.activate),
    deactivate: to(1, schedules.deactivate),
    del: to(1, schedules.del),
    timezones: to(1, schedules.timezones),
  };
}

function envvarsOf(to: Bind): EnvVarsApi {
  const afterPlace = (more: number, isPlaced: (given: readonly unknown[]) => boolean) => (given: readonly unknown[]) =>
    more + (isPlaced(given) ? 2 : 0);
  const isFirstText = (given: readonly unknown[]) => typeof given[0] === "string";
  const isSecondText = (given: readonly unknown[]) => typeof given[1] === "string";
  return {
    list: to(afterPlace(0, isFirstText), envvars.list),
    create: to(afterPlace(1, isFirstText), envvars.create),
    retrieve: to(afterPlace(1, isSecondText), envvars.retrieve),
    update: to(afterPlace(2, isSecondText), envvars.update),
    del: to(afterPlace(1, isSecondText), envvars.del),
    upload: to(afterPlace(1, isFirstText), envvars.upload),
  };
}
