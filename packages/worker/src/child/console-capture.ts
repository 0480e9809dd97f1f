import { format } from "node:util";
import type { LogRecord } from "@pawl/sdk/runtime";
import { isOutputCaptured, runOfCaller, withoutCapture } from "./output-capture.ts";
import { withoutActivity } from "./run-activity.ts";

const levels = { trace: "trace", debug: "debug", log: "info", info: "info", warn: "warn", error: "error" } as const;

/**
 * Makes `console.*` write log records of the run it is called in, beside what it writes anyway. A call whose context is
 * missing or ended counts for the run that executes now, and its record is marked.
 */
export function captureConsole(): void {
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, LogRecord["level"]][]) {
    const write = console[method].bind(console);
    console[method] = (...values: unknown[]) => {
      if (!isOutputCaptured()) return write(...values); // one console method calls another
      withoutActivity(() => withoutCapture(() => write(...values)));
      const caller = runOfCaller();
      if (caller === null) return;
      const { run, isContextLost } = caller;
      run.log({ level, message: format(...values), atMs: Date.now(), isContextLost });
    };
  }
}
