import { format } from "node:util";
import { type LogRecord, runtime } from "@pawl/sdk/runtime";

const levels = { trace: "trace", debug: "debug", log: "info", info: "info", warn: "warn", error: "error" } as const;

/**
 * Makes `console.*` write log records of the run it is called in, beside what it writes anyway. A call whose context is
 * missing or ended counts for the run that executes now, and its record is marked.
 */
export function captureConsole(): void {
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, LogRecord["level"]][]) {
    const write = console[method].bind(console);
    console[method] = (...values: unknown[]) => {
      write(...values);
      const { context, executing } = runtime();
      const own = context?.getStore()?.run ?? null;
      const run = own ?? executing();
      run?.log({ level, message: format(...values), atMs: Date.now(), isContextLost: own === null });
    };
  }
}
