import { brandClass } from "./brand.ts";

/** What the server said when it refused a call of a run. */
export interface CallRefusal {
  /** One of the codes of the API's errors, such as `unprocessable`. */
  readonly code: string;
  readonly message: string;
  /** The field of the request that is at fault. */
  readonly field?: string | undefined;
}

/**
 * The server refused what code of a run asked for. It stays inside the package: who calls `ActiveRun.call` turns it into the
 * class that the same refusal has over HTTP.
 *
 * @example
 * ```ts
 * await run.call(request).catch((error) => error instanceof CallError && error.code === "not_found");
 * ```
 */
export class CallError extends Error {
  static {
    brandClass(CallError, "CallError");
  }
  override readonly name = "CallError";
  readonly code: string;
  readonly field: string | undefined;

  constructor(refusal: CallRefusal) {
    super(refusal.message);
    this.code = refusal.code;
    this.field = refusal.field;
  }
}
