import { metadata } from "../metadata/metadata-api.ts";

/** What the AI SDK tells a tool beside its input; of its versions 5, 6 and 7. */
export interface ToolCallOptions {
  readonly toolCallId: string;
  /** The messages that made the model call the tool. */
  readonly messages?: readonly unknown[];
  readonly abortSignal?: AbortSignal | undefined;
}

/** What the run of a tool knows of the call that it serves. */
export interface ToolOptions {
  readonly toolCallId: string;
  /** The messages that made the model call the tool; absent where they are longer than 64 KB as JSON. */
  readonly messages?: readonly unknown[];
}

/** In the metadata of the run. */
const metadataKey = "aiToolCall";
const longestMessages = 64 * 1024;

/**
 * Writes down for the run of a tool which call it serves.
 *
 * @param options - what the AI SDK told the tool
 * @returns metadata for the run
 * @example
 * ```ts
 * toolMetadata({ toolCallId: "call_1" }); // { aiToolCall: { toolCallId: "call_1" } }
 * ```
 */
export function toolMetadata({ toolCallId, messages }: ToolCallOptions): Readonly<Record<string, unknown>> {
  const isShort = messages !== undefined && JSON.stringify(messages).length <= longestMessages;
  return { [metadataKey]: { toolCallId, ...(isShort ? { messages } : {}) } };
}

/**
 * Finds which call the run that executes serves.
 *
 * @returns the call; undefined where the run serves none, and outside of a run
 * @example
 * ```ts
 * currentToolOptions()?.toolCallId; // "call_1"
 * ```
 */
export function currentToolOptions(): ToolOptions | undefined {
  const found = metadata.current()?.[metadataKey];
  const isCall = typeof found === "object" && found !== null && "toolCallId" in found;
  return isCall && typeof found.toolCallId === "string" ? (found as ToolOptions) : undefined; // written by toolMetadata
}
