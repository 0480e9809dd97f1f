export { type AiApi, ai, type TaskTool } from "./ai/ai-api.ts";
export type { ToolCallOptions, ToolOptions } from "./ai/tool-options.ts";
