import { brandClass } from "./brand.ts";

/**
 * The run was cancelled. Waits that are under way reject with it once the `onCancel` hooks are done, and it is the reason of
 * the `signal`. Whatever code makes of it, the run ends as cancelled.
 *
 * @example
 * ```ts
 * try {
 *   await wait.for({ days: 1 });
 * } catch (error) {
 *   if (error instanceof RunCancelledError) await unlock();
 *   throw error;
 * }
 * ```
 */
export class RunCancelledError extends Error {
  static {
    brandClass(RunCancelledError, "RunCancelledError");
  }
  override readonly name = "RunCancelledError";

  constructor() {
    super("The run was cancelled.");
  }
}
