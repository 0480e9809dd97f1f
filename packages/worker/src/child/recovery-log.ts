import type { CallAnswer, RunCall } from "@pawl/contract/worker-protocol";
import type { ActiveRun } from "@pawl/sdk/runtime";

/** Tells in the log of a run that follows a loss which of its waits were found again, and where new ones begin. */
export class RecoveryLog {
  readonly #run: ActiveRun;
  #found = 0;
  #isToldNew = false;

  constructor(run: ActiveRun) {
    this.#run = run;
  }

  /** Looks at the answer to a call that names a wait. */
  note(request: RunCall, { value }: CallAnswer): void {
    if (this.#isToldNew || !("wait" in request) || request.wait === undefined) return;
    if (typeof value !== "object" || value === null || !("isFound" in value)) return;
    if (value.isFound === true) {
      this.#found++;
      return;
    }
    this.#isToldNew = true;
    const waits = this.#found === 1 ? "1 wait" : `${this.#found} waits`;
    const message = `Recovered ${waits} of the attempt that was lost. From ${request.wait} on, the code opens waits that it had not opened.`;
    this.#run.log({ level: "debug", message, atMs: Date.now(), isContextLost: false });
  }
}
