/// <reference lib="esnext.disposable" preserve="true" />
// Kept in the declarations, so that projects with an older `lib` can read them.

import { parseDuration } from "@pawl/contract/duration";
import {
  type AnyTask,
  auth,
  configure,
  type TaskOutput,
  type TaskPayload,
  type TriggerOptions,
  tasks,
} from "@pawl/sdk";
import { currentConfiguration } from "@pawl/sdk/runtime";
import { apiAnswers, matchRoute } from "./api-answers.ts";
import { Batches } from "./batches.ts";
import { type EngineConfig, MemoryEngine } from "./memory-engine.ts";
import { answerCall } from "./run-calls.ts";
import { useRuntime } from "./runtime-of-test.ts";
import { type ApiRequest, TestApi } from "./test-api.ts";
import { TestClock } from "./test-clock.ts";
import { TestRun } from "./test-run.ts";
import { Tokens } from "./tokens.ts";

/** What {@link openTestKit} takes. */
export interface TestKitOptions {
  /** The project's configuration, as `defineConfig` returns it: its retries and hooks hold for the runs. */
  readonly config?: object;
  /** What time it is at first; default: what it is. `Date` tells the kit's time while the kit is open. */
  readonly now?: Date | string;
}

/** A run that {@link TestKit.start} has begun. */
export interface StartedRun<TOutput> {
  readonly run: TestRun<TOutput>;
  /**
   * Resolves once the run only waits, or has ended.
   *
   * @returns the run
   */
  untilWaiting(): Promise<TestRun<TOutput>>;
  /**
   * Resolves once the run has ended.
   *
   * @returns the run
   * @throws Error that says what it waits for, when nothing can end that
   */
  untilEnded(): Promise<TestRun<TOutput>>;
  /** Cancels it, and what it has triggered. */
  cancel(): void;
}

/** A token that a run, or the code under test, has made. */
export interface TestToken {
  readonly id: string;
  readonly tags: readonly string[];
  readonly timeoutAt: Date | null;
  readonly isOver: boolean;
}

/** The payload and the options of a run; the payload may be left out where the task takes none. */
export type RunInput<TTask extends AnyTask> =
  undefined extends TaskPayload<TTask>
    ? readonly [payload?: TaskPayload<TTask>, options?: TriggerOptions]
    : readonly [payload: TaskPayload<TTask>, options?: TriggerOptions];

/**
 * Runs tasks in this process, in memory, with the executor that run processes have: attempts, hooks, waits and errors are as they
 * are in production. Runs execute one at a time; while all of them only wait, the clock jumps to what is due next.
 *
 * @example
 * ```ts
 * const kit = await openTestKit();
 * kit.stub(sendEmail, () => ({ id: "email_1" }));
 * const run = await kit.run(sendWelcome, { userId: "u_1" });
 * console.log(run.output, run.logs, run.children);
 * await kit.close();
 * ```
 */
export class TestKit implements AsyncDisposable {
  readonly #engine: MemoryEngine;
  readonly #tokens: Tokens;
  readonly #api: TestApi;
  readonly #restore: readonly (() => void)[];

  private constructor(parts: {
    readonly engine: MemoryEngine;
    readonly tokens: Tokens;
    readonly api: TestApi;
    readonly restore: readonly (() => void)[];
  }) {
    this.#engine = parts.engine;
    this.#tokens = parts.tokens;
    this.#api = parts.api;
    this.#restore = parts.restore;
  }

  /** See {@link openTestKit}. */
  static async open({ config = {}, now }: TestKitOptions = {}): Promise<TestKit> {
    const api = await TestApi.open();
    const clock = new TestClock(now === undefined ? undefined : new Date(now));
    const restore = [clock.install(), useRuntime(), useServer(api.url)];
    const engine = new MemoryEngine(clock, config as EngineConfig); // every field is optional
    const tokens = new Tokens(engine, api.url);
    const parts = { engine, tokens, batches: new Batches(engine) };
    engine.answerCall = (run, request) => answerCall(parts, run, request);
    api.add(apiAnswers(parts));
    return new TestKit({ engine, tokens, api, restore });
  }

  /** What time it is for the runs. */
  get now(): Date {
    return new Date(this.#engine.clock.nowMs());
  }

  /** Every run so far, in the order of triggering. */
  get runs(): readonly TestRun[] {
    return [...this.#engine.runs.values()].map((run) => new TestRun(run));
  }

  /** The tokens that were made so far. */
  get tokens(): readonly TestToken[] {
    return this.#tokens.all.map(({ id, tags, timeoutAt, waitpoint }) => ({
      id,
      tags,
      timeoutAt,
      isOver: waitpoint.result !== null,
    }));
  }

  /**
   * Runs a task until its run has ended, with all its attempts, waits and children.
   *
   * @param task - the task
   * @param input - its payload, and options as for `trigger`
   * @returns the run, also when it failed
   * @throws PayloadError, TaskPayloadParsedError when the task can't be triggered with that payload; Error that says what the run
   * waits for, when nothing can end that
   * @example
   * ```ts
   * const run = await kit.run(resize, { url: "https://example.com/a.png" });
   * assert.equal(run.output.width, 200);
   * ```
   */
  async run<TTask extends AnyTask>(task: TTask, ...input: RunInput<TTask>): Promise<TestRun<TaskOutput<TTask>>> {
    const started = await this.start(task, ...input);
    return started.untilEnded();
  }

  /**
   * Begins a run of a task, for a test that does something while it goes on.
   *
   * @param task - the task
   * @param input - its payload, and options as for `trigger`
   * @returns the run, and when it waits or ends
   * @throws PayloadError, TaskPayloadParsedError when the task can't be triggered with that payload
   * @example
   * ```ts
   * const started = await kit.start(publishPost, { id: 7 });
   * await started.untilWaiting();
   * kit.completeToken(kit.tokens[0]?.id ?? "none", { approved: true });
   * const run = await started.untilEnded();
   * ```
   */
  async start<TTask extends AnyTask>(task: TTask, ...input: RunInput<TTask>): Promise<StartedRun<TaskOutput<TTask>>> {
    const [payload, options] = input;
    const trigger = () => triggerOf(task)(payload, options);
    const { id } = await auth.withAuth({ accessToken: "test", baseURL: this.#api.url }, trigger);
    const run = this.#engine.run(id);
    const view = new TestRun<TaskOutput<TTask>>(run);
    const until = async (isMet: () => boolean) => {
      await this.#engine.until(isMet);
      return view;
    };
    return {
      run: view,
      untilWaiting: () => until(() => run.ending !== null || run.isParked),
      untilEnded: () => until(() => run.ending !== null),
      cancel: () => this.#engine.cancel(run),
    };
  }

  /**
   * Stands in for a task: its runs call a function in place of its code, and are not tried again.
   *
   * @param task - the task, or its id, which need not be imported
   * @param answer - gets the payload; what it returns is the output, what it throws the error
   * @example
   * ```ts
   * kit.stub(sendEmail, (payload) => ({ id: `email for ${payload.to}` }));
   * kit.stub("billing.charge", () => {
   *   throw new Error("card declined");
   * });
   * ```
   */
  stub<TTask extends AnyTask>(
    task: TTask | string,
    answer: (payload: TaskPayload<TTask>) => TaskOutput<TTask> | Promise<TaskOutput<TTask>>,
  ): void {
    const taskId = typeof task === "string" ? task : task.id;
    this.#engine.stubs.set(taskId, answer as (payload: unknown) => unknown); // a task's runs have its payload
  }

  /**
   * Gives the runs of a task.
   *
   * @param task - the task, or its id
   * @returns its runs, in the order of triggering
   * @example
   * ```ts
   * assert.deepEqual(kit.runsOf(sendEmail).map((run) => run.payload), [{ to: "ada@example.com" }]);
   * ```
   */
  runsOf<TTask extends AnyTask>(task: TTask | string): readonly TestRun<TaskOutput<TTask>>[] {
    const id = typeof task === "string" ? task : task.id;
    const found = [...this.#engine.runs.values()].filter(({ taskId }) => taskId === id);
    return found.map((run) => new TestRun<TaskOutput<TTask>>(run));
  }

  /**
   * Completes a token.
   *
   * @param token - the token, or its id
   * @param output - what who waits for it is given
   * @throws Error when there is no such token
   */
  completeToken(token: string | { readonly id: string }, output?: unknown): void {
    this.#tokens.completeWith(typeof token === "string" ? token : token.id, output);
  }

  /**
   * Moves the clock on: what becomes due on the way happens, timeouts of tokens included.
   *
   * @param length - such as `1h30m`, or milliseconds
   * @throws TypeError when it is neither
   */
  advance(length: string | number): void {
    const lengthMs = typeof length === "number" ? length : parseDuration(length);
    if (lengthMs === null) throw new TypeError(`"${length}" is no duration. Write it as 30s, 10m, 2h, 1d or 1h30m.`);
    this.#engine.clock.advance(lengthMs);
    this.#engine.look();
  }

  /**
   * Resolves once every run has ended.
   *
   * @throws Error that says what the runs wait for, when nothing can end that
   */
  settled(): Promise<void> {
    return this.#engine.until(() => [...this.#engine.runs.values()].every(({ ending }) => ending !== null));
  }

  /**
   * Answers requests to the server that the kit has no answer for, such as those of `queues.list()`.
   *
   * @param route - method and path, with `:name` for what varies: `GET /api/v1/queues/:name`
   * @param answer - gives the body of the answer
   * @example
   * ```ts
   * kit.answer("GET /api/v1/queues", () => ({ data: [], pagination: { currentPage: 1, totalPages: 1, count: 0 } }));
   * ```
   */
  answer(route: string, answer: (request: ApiRequest, parts: readonly string[]) => unknown): void {
    this.#api.add((request) => {
      const match = matchRoute(route, request);
      if (match === null) return undefined;
      return Promise.resolve(answer(request, match)).then((body) => body ?? null); // no body is an answer, too
    });
  }

  /** Puts back what it has changed: `Date`, and where the SDK sends its calls. */
  async close(): Promise<void> {
    for (const restore of this.#restore) restore();
    await this.#api.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Opens a testing kit.
 *
 * @param options - the configuration of the project, and what time it is
 * @returns the kit; close it at the end of the test
 * @example
 * ```ts
 * await using kit = await openTestKit({ now: "2026-01-01T09:00:00Z" });
 * const run = await kit.run(remindLater, { userId: "u_1" }); // has wait.for({ days: 3 })
 * assert.equal(kit.now.toISOString().slice(0, 10), "2026-01-04");
 * ```
 */
export function openTestKit(options?: TestKitOptions): Promise<TestKit> {
  return TestKit.open(options);
}

type Trigger = (payload: unknown, options?: TriggerOptions) => Promise<{ readonly id: string }>;

function triggerOf(task: AnyTask): Trigger {
  if (typeof task !== "object" || task === null) {
    const given = typeof task === "string" ? `the id "${task as string}"` : typeof task;
    throw new TypeError(`The kit runs tasks, and this is ${given}: import the task's file and pass the task itself.`);
  }
  if ("trigger" in task && typeof task.trigger === "function") {
    return (payload, options) => (task as unknown as { trigger: Trigger }).trigger(payload, options); // it is a task
  }
  return (payload, options) => tasks.trigger(task.id, payload, options);
}

function useServer(baseURL: string): () => void {
  const before = currentConfiguration();
  configure({ accessToken: "test", baseURL });
  return () => configure(before);
}
