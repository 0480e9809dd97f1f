import { currentRun } from "../runtime.ts";
import type { Task } from "../tasks/task-types.ts";
import { currentToolOptions, type ToolCallOptions, type ToolOptions, toolMetadata } from "./tool-options.ts";

/** A tool for the AI SDK that is a task. */
export interface TaskTool<TInput, TOutput, TSchema> {
  readonly description: string;
  readonly inputSchema: TSchema;
  readonly execute: (input: TInput, options: ToolCallOptions) => Promise<TOutput>;
}

/** The calls of {@link ai}. */
export interface AiApi {
  /**
   * Makes a task the work of a tool of the AI SDK (`ai` 5, 6 or 7): each call of the tool is a run of the task. In the code of a task it
   * is a child of its run, which gives its slot back while it waits; with an `abortSignal` it keeps the slot, and the signal cancels
   * the child. Several calls may be under way at once. A run that does not complete fails the call of the tool, which the model is told.
   *
   * @param task - the task; its payload is the input of the tool
   * @returns the `execute` of a tool
   * @example
   * ```ts
   * const weather = schemaTask({
   *   id: "weather.city.read",
   *   schema: z.object({ city: z.string() }),
   *   run: async ({ city }) => ({ city, degrees: 21 }),
   * });
   * const { text } = await generateText({
   *   model,
   *   prompt: "How is the weather in Berlin?",
   *   tools: {
   *     weather: tool({
   *       description: "Says how the weather in a city is",
   *       inputSchema: weather.schema,
   *       execute: ai.toolExecute(weather),
   *     }),
   *   },
   * });
   * ```
   */
  toolExecute<TId extends string, TInput, TOutput>(
    task: Task<TId, TInput, TOutput>,
  ): (input: TInput, options: ToolCallOptions) => Promise<TOutput>;
  /**
   * Makes a whole tool of a `schemaTask`: its description, its schema, and its runs.
   *
   * @param task - the task; its schema is one that the AI SDK takes, such as zod's
   * @returns the tool
   * @throws TypeError when the task has no schema
   * @example
   * ```ts
   * const { text } = await generateText({ model, prompt: "How is the weather in Berlin?", tools: { weather: ai.tool(weather) } });
   * ```
   */
  tool<TId extends string, TInput, TOutput, TSchema>(
    task: Task<TId, TInput, TOutput> & { readonly schema: TSchema },
  ): TaskTool<TInput, TOutput, TSchema>;
  /**
   * Says in the run of a tool which call of the model it serves.
   *
   * @returns the id of the call and the messages before it; undefined in other runs
   * @example
   * ```ts
   * logger.info("Called by a model", { call: ai.currentToolOptions()?.toolCallId });
   * ```
   */
  currentToolOptions(): ToolOptions | undefined;
  /**
   * The id of the call that the run serves.
   *
   * @returns the id; undefined in runs that serve no tool
   * @example
   * ```ts
   * metadata.set("call", ai.toolCallId() ?? null);
   * ```
   */
  toolCallId(): string | undefined;
}

/**
 * Gives models tasks as tools, through the AI SDK.
 *
 * @example
 * ```ts
 * const { text } = await generateText({ model, prompt: "How is the weather in Berlin?", tools: { weather: ai.tool(weather) } });
 * ```
 */
export const ai: AiApi = {
  toolExecute,
  tool(task) {
    const { schema, description = "" } = task;
    if (schema === undefined) {
      throw new TypeError(`Task ${task.id} has no schema that a model could go by. Define it with schemaTask.`);
    }
    return { description, inputSchema: schema, execute: toolExecute(task) };
  },
  currentToolOptions,
  toolCallId: () => currentToolOptions()?.toolCallId,
};

function toolExecute<TId extends string, TInput, TOutput>(
  task: Task<TId, TInput, TOutput>,
): (input: TInput, options: ToolCallOptions) => Promise<TOutput> {
  return (input, options) => {
    const { abortSignal } = options;
    const metadata = toolMetadata(options);
    // A wait can't be taken back, a subscription can; outside of a run nothing waits.
    if (abortSignal === undefined && currentRun().kind === "run") {
      return task.triggerAndWait(input, { metadata }).unwrap();
    }
    const more = abortSignal === undefined ? {} : { signal: abortSignal };
    return task.triggerAndSubscribe(input, { metadata, ...more }).unwrap();
  };
}
