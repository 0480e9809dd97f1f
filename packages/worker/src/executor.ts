/** How runs execute in a process, for what executes them without a host: the testing kit. */
export type { ChildToHost } from "./channel/messages.ts";
export { Executor } from "./child/executor.ts";
export { realTimers } from "./child/real-timers.ts";
export { TelemetrySender } from "./child/telemetry.ts";
export { runErrorOf } from "./child/thrown-value.ts";
export { withRetry } from "./host/next-attempt.ts";
