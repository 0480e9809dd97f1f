import { AsyncLocalStorage } from "node:async_hooks";
import { parseDuration } from "@pawl/contract/duration";
import { outcomeOf } from "@pawl/contract/errors";
import { mergeRetryPolicies, type PartialRetryPolicy } from "@pawl/contract/retry";
import type { AssignedRun, CallAnswer, RunCall, RunResult } from "@pawl/contract/worker-protocol";
import { runtime, type TaskDefinition } from "@pawl/sdk/runtime";
import { type ChildToHost, Executor, realTimers, TelemetrySender, withRetry } from "@pawl/worker/executor";
import { KeptKeys } from "./kept-keys.ts";
import { MemoryRun, type RunEnding, type RunOrder } from "./memory-run.ts";
import { Refusal } from "./refusal.ts";
import { type Stub, standIn } from "./stub.ts";
import type { TestClock } from "./test-clock.ts";
import { Waitpoint } from "./waitpoint.ts";

const { setImmediate } = realTimers;

/** The part of a project's configuration that counts in a test. */
export interface EngineConfig {
  readonly retries?: { readonly enabledInDev?: boolean; readonly default?: PartialRetryPolicy };
}

/** The environment that runs are told they are in. */
const environment = { id: "env_test", slug: "dev", type: "DEVELOPMENT" } as const;

/** What the engine asks of what answers the calls of runs. */
export type AnswerCall = (run: MemoryRun, request: RunCall) => unknown;

/** Does in memory what a server and a host do: makes runs, has them executed, attempts them again, and ends their waits. */
export class MemoryEngine {
  readonly runs = new Map<string, MemoryRun>();
  readonly waitpoints = new Map<string, Waitpoint>();
  readonly stubs = new Map<string, Stub>();
  readonly clock: TestClock;
  /** The idempotency keys of waits. */
  readonly waitKeys: KeptKeys<Waitpoint>;
  /** Set by what answers the calls of runs. */
  answerCall: AnswerCall = () => null;
  readonly #config: EngineConfig;
  readonly #runKeys: KeptKeys<MemoryRun>;
  // What an engine does is no work of a run.
  readonly #outside = AsyncLocalStorage.snapshot();
  #executor: Executor | null = null;
  /** Whether an executor has registered the hooks of the configuration, for all that follow. */
  #hasHooks = false;
  #stubsUnderWay = 0;
  #isLookDue = false;
  #patient: { readonly isMet: () => boolean; readonly settle: (stuck: Error | null) => void }[] = [];

  constructor(clock: TestClock, config: EngineConfig) {
    this.clock = clock;
    this.waitKeys = new KeptKeys(clock);
    this.#runKeys = new KeptKeys(clock);
    this.#config = config;
  }

  /**
   * Makes a run, and has it executed when its time has come. An idempotency key that a run of the task has finds that run; one that
   * failed or expired has it no more.
   */
  trigger(order: RunOrder): { readonly run: MemoryRun; readonly isCached: boolean } {
    const { taskId, options, parent } = order;
    if (!this.stubs.has(taskId) && definitionOf(taskId) === undefined) throw unknownTask(taskId);
    const key = typeof options.idempotencyKey === "string" ? runKey(taskId, options.idempotencyKey) : null;
    const found = key === null ? undefined : this.#runKeys.find(key);
    if (found?.keepsKey === true) return { run: found, isCached: true };
    const number = this.runs.size + 1;
    const run = new MemoryRun(`run_${number}`, order, new Date(this.clock.nowMs()));
    this.runs.set(run.id, run);
    this.waitpoints.set(`waitpoint_${number}`, new Waitpoint(`waitpoint_${number}`, `run ${run.id} of ${taskId}`));
    if (key !== null) this.#runKeys.keep(key, run, options.idempotencyKeyTTL);
    parent?.children.push(run);
    const delayMs = delayOf(options.delay, this.clock.nowMs());
    if (delayMs > 0) this.#startLater(run, delayMs);
    else this.#start(run);
    return { run, isCached: false };
  }

  /** Frees an idempotency key of a task. @returns whether a run had it */
  freeKey(taskId: string, key: string): boolean {
    return this.#runKeys.free(runKey(taskId, key));
  }

  /** What waits for a run. */
  waitpointOf(run: MemoryRun): Waitpoint {
    const waitpoint = this.waitpoints.get(run.id.replace("run_", "waitpoint_"));
    if (waitpoint === undefined) throw new Error(`unreachable: ${run.id} has no waitpoint`);
    return waitpoint;
  }

  /** Gives the run with an id. @throws Refusal when there is none */
  run(id: string): MemoryRun {
    const run = this.runs.get(id);
    if (run === undefined) throw new Refusal("not_found", `This test has no run ${id}.`);
    return run;
  }

  /** Opens a wait of a run, or finds the one that is open under its key. */
  openWait(run: MemoryRun, key: string, waitpoint: Waitpoint): void {
    run.waits.set(key, waitpoint);
    waitpoint.whenOver(() => this.#outside(() => this.#waitOver(run)));
  }

  /** The run's code awaits waits; those that are over are given to it. */
  awaits(run: MemoryRun, keys: readonly string[]): void {
    run.awaited = keys;
    if (run.state !== "cancelling") run.state = "waiting";
    setImmediate(() => this.#waitOver(run)); // after the answer to the call
  }

  /** Cancels a run, and then what it has triggered; a run that ended otherwise keeps its children. */
  cancel(run: MemoryRun): void {
    if (run.ending !== null && run.ending.outcome !== "canceled") return;
    this.#stop(run);
    for (const child of run.children) this.cancel(child);
  }

  #stop(run: MemoryRun): void {
    if (run.ending !== null || run.state === "cancelling") return;
    if (run.state === "delayed") return this.#end(run, cancelled);
    run.state = "cancelling";
    run.isParked = false; // its hooks are called, which may take their time
    run.awaited = [];
    if (this.stubs.has(run.taskId)) this.#end(run, cancelled);
    else this.#executor?.cancel(run.id);
  }

  /**
   * Resolves once a condition holds that the runs bring about.
   *
   * @throws Error that says what each run waits for, when nothing can happen any more
   */
  async until(isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    const stuck = await new Promise<Error | null>((settle) => {
      this.#patient.push({ isMet, settle });
      this.look();
    });
    if (stuck !== null) throw stuck;
  }

  /** Looks, once the turn is over, whether runs only wait; then the clock jumps. */
  look(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    this.#outside(() => setImmediate(() => setImmediate(() => this.#look())));
  }

  #look(): void {
    this.#isLookDue = false;
    for (const { settle } of this.#patient.filter(({ isMet }) => isMet())) settle(null);
    this.#patient = this.#patient.filter(({ isMet }) => !isMet());
    const open = [...this.runs.values()].filter(({ ending }) => ending === null);
    for (const run of open) if (run.isParked) this.#waitOver(run);
    const isIdle = this.#stubsUnderWay === 0 && open.every((run) => run.state === "delayed" || run.isParked);
    if (!isIdle || (open.length === 0 && this.#patient.length === 0)) return;
    if (this.clock.jump({ withTimeouts: this.#patient.length > 0 })) return this.look();
    for (const { settle } of this.#patient.splice(0)) settle(stuckError(open));
  }

  #waitOver(run: MemoryRun): void {
    if (run.ending !== null || run.awaited.length === 0) return;
    const ended = run.awaited.flatMap((wait) => {
      const result = run.waits.get(wait)?.result ?? null;
      return result === null ? [] : [{ wait, result }];
    });
    if (ended.length === 0) return;
    run.awaited = [];
    run.isParked = false;
    if (run.state !== "cancelling") run.state = "executing";
    this.#executor?.resume(run.id, ended);
  }

  #startLater(run: MemoryRun, delayMs: number): void {
    run.state = "delayed";
    this.clock.at(this.clock.nowMs() + delayMs, "time", () => {
      if (run.ending === null) this.#start(run);
    });
    this.look();
  }

  #start(run: MemoryRun): void {
    run.attempt++;
    run.state = "executing";
    run.waits.clear();
    const stub = this.stubs.get(run.taskId);
    this.#outside(() => {
      if (stub !== undefined) return void this.#standIn(run, stub);
      this.#executor ??= this.#newExecutor();
      this.#executor.execute([{ run: this.#assigned(run), versionLabel: "test", environment }]);
    });
  }

  async #standIn(run: MemoryRun, stub: Stub): Promise<void> {
    this.#stubsUnderWay++;
    const ending = await standIn(stub, run);
    this.#stubsUnderWay--;
    if (run.ending === null) this.#end(run, ending);
  }

  #assigned(run: MemoryRun): AssignedRun {
    const { order, taskId, attempt } = run;
    const { options, payload, parent, batchId } = order;
    const definition = definitionOf(taskId);
    const policy = this.#policyOf(definition);
    return {
      runId: run.id,
      taskId,
      fence: attempt,
      attempt,
      isStarted: true,
      versionId: "version_test",
      queueName: queueNameOf(options.queue) ?? definition?.queue?.name ?? `task/${taskId}`,
      payloadType: payload.type,
      ...(payload.text === undefined ? {} : { payload: payload.text }),
      isPayloadStored: false,
      maxAttempts: numberOf(options.maxAttempts) ?? policy.maxAttempts,
      createdAt: run.createdAt.toISOString(),
      isTest: options.test === true,
      tags: [...run.tags],
      traceId: "0".repeat(32),
      metadata: JSON.stringify(run.metadata),
      rootRunId: run.root.id,
      ...(parent === null ? {} : { parentRunId: parent.id }),
      ...(batchId === undefined ? {} : { batchId }),
      ...(typeof options.concurrencyKey === "string" ? { concurrencyKey: options.concurrencyKey } : {}),
      ...(typeof options.machine === "string" ? { machine: options.machine } : {}),
      ...(typeof options.maxDuration === "number" ? { maxDuration: options.maxDuration } : {}),
    };
  }

  #policyOf(definition: TaskDefinition | undefined) {
    return mergeRetryPolicies(this.#config.retries?.default, definition?.retry);
  }

  #newExecutor(): Executor {
    const receive = (message: ChildToHost) => this.#outside(() => this.#receive(message));
    const link = { backlogLength: 0, post: receive, send: receive, flush: () => {} };
    const executor = new Executor(link, new TelemetrySender(link));
    executor.configure(this.#hasHooks ? withoutHooks(this.#config) : this.#config);
    this.#hasHooks = true;
    return executor;
  }

  #receive(message: ChildToHost): void {
    switch (message.kind) {
      case "telemetry":
        for (const record of message.body) this.runs.get(record.runId)?.records.push(record);
        return;
      case "parked":
        this.#parked(this.run(message.body.runId));
        break;
      case "call": {
        const { runId, call, request } = message.body;
        void this.#answer(this.run(runId), call, request);
        break;
      }
      case "end":
        this.#attemptEnded(this.run(message.body.result.runId), message.body.result);
        break;
      case "unbegun":
        this.#beginElsewhere(message.body);
        break;
    }
    this.look();
  }

  #parked(run: MemoryRun): void {
    if (run.state !== "cancelling") run.isParked = true;
  }

  async #answer(run: MemoryRun, call: number, request: RunCall): Promise<void> {
    let answer: Omit<CallAnswer, "call">;
    try {
      answer = { value: await this.answerCall(run, request) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = { error: { code: error.code, message: error.message } };
    }
    setImmediate(() => this.#executor?.answer(run.id, { call, ...answer }));
  }

  /** The process that had them would take no further run: something in it did not end. */
  #beginElsewhere(runIds: readonly string[]): void {
    this.#executor = null;
    for (const runId of runIds) {
      const run = this.run(runId);
      run.attempt--;
      this.#start(run);
    }
  }

  #attemptEnded(run: MemoryRun, result: RunResult): void {
    if (run.ending !== null) return;
    if (result.kind === "completed") {
      const { output: text, outputType: type } = result;
      return this.#end(run, { outcome: "completed", output: text === undefined ? { type } : { type, text } });
    }
    const policy = this.#policyOf(definitionOf(run.taskId));
    const maxAttempts = numberOf(run.order.options.maxAttempts) ?? policy.maxAttempts;
    const decided = withRetry(result, { attempt: run.attempt, maxAttempts }, policy);
    const retry = decided.kind === "failed" ? decided.retry : undefined;
    const retryDelayMs = retry !== undefined && "delayMs" in retry && run.state !== "cancelling" ? retry.delayMs : null;
    run.failedAttempts.push({ number: run.attempt, error: result.error, retryDelayMs });
    if (retryDelayMs !== null) return this.#startLater(run, retryDelayMs);
    this.#end(run, { outcome: outcomeOf(result.error), error: result.error });
  }

  #end(run: MemoryRun, ending: RunEnding): void {
    run.end(ending);
    this.waitpointOf(run).end({ kind: "run", run: run.result });
    this.look();
  }
}

const cancelled: RunEnding = { outcome: "canceled", error: { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" } };

/** What is a function in a configuration is a hook. */
function withoutHooks(config: EngineConfig): EngineConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => typeof value !== "function"));
}

function runKey(taskId: string, key: string): string {
  return JSON.stringify([taskId, key]);
}

function definitionOf(taskId: string): TaskDefinition | undefined {
  return runtime().tasks.get(taskId)?.[0];
}

function unknownTask(taskId: string): Refusal {
  const known = [...runtime().tasks.keys()].map((id) => `"${id}"`).join(", ");
  const hint = known === "" ? "It has imported none." : `It has imported ${known}.`;
  const message = `The test knows no task "${taskId}". Import its file, or stand in for it with kit.stub("${taskId}", …). ${hint}`;
  return new Refusal("unprocessable", message);
}

function delayOf(delay: unknown, nowMs: number): number {
  if (typeof delay !== "string") return 0;
  return parseDuration(delay) ?? new Date(delay).getTime() - nowMs;
}

function queueNameOf(queue: unknown): string | undefined {
  if (typeof queue === "string") return queue;
  if (typeof queue !== "object" || queue === null || !("name" in queue)) return undefined;
  return String(queue.name);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function stuckError(open: readonly MemoryRun[]): Error {
  if (open.length === 0) return new Error("All runs have ended, and what the test waits for has not come.");
  const lines = open.map((run) => {
    const waits = run.awaited.map((wait) => run.waits.get(wait)?.about ?? wait).join(", ");
    return `  ${run.id} of ${run.taskId} waits for ${waits}`;
  });
  const hint = "Complete a token with kit.completeToken(…), after a kit.start(…) in place of kit.run(…).";
  return new Error(["Nothing can happen any more:", ...lines, hint].join("\n"));
}
