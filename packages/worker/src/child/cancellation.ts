import type { RunInProcess } from "./active-run.ts";
import { realTimers } from "./real-timers.ts";
import { hookParams, hooksFor } from "./run-hooks.ts";

const { setTimeout, clearTimeout } = realTimers;

/** How long code may go on after its signal has fired and its hooks are done, in milliseconds. */
const endingGraceMs = 1_000;

/** A promise that tells when somebody waits for it. */
class WatchedPromise<T> extends Promise<T> {
  static override get [Symbol.species]() {
    return Promise;
  }
  onAwaited: (() => void) | null = null;

  // biome-ignore lint/suspicious/noThenProperty: that it is called is what there is to see
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.onAwaited?.();
    return super.then(onFulfilled, onRejected);
  }
}

/**
 * Ends a run that was cancelled: fires its signal, calls its `onCancel` hooks one after the other, and then rejects the waits
 * that its code is in, or before, as soon as a hook awaits `runPromise`. Hooks get all the time they take; the host has the
 * last word.
 *
 * @param run - the run, whose cell is in the current asynchronous context
 * @returns whether its code ended in time
 */
export async function cancelRun(run: RunInProcess): Promise<boolean> {
  run.cancel();
  const { scene } = run;
  if (scene !== null) {
    const runPromise = watch(scene.code, () => run.rejectWaits());
    for (const hook of hooksFor("onCancel", scene, run.cancelHooks)) {
      try {
        await hook(hookParams<"onCancel">(scene, { runPromise }));
      } catch (thrown) {
        run.logThrown("An onCancel hook threw.", thrown);
      }
    }
  }
  run.rejectWaits();
  let timer: NodeJS.Timeout | undefined;
  const isLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), endingGraceMs);
  });
  const hasEnded = await Promise.race([run.ended?.then(() => true) ?? true, isLate]);
  clearTimeout(timer);
  return hasEnded;
}

function watch<T>(promise: Promise<T>, onAwaited: () => void): Promise<T> {
  const watched = new WatchedPromise<T>((resolve, reject) => {
    promise.then(resolve, reject);
  });
  watched.then(undefined, () => {}); // that no hook looks at it is no error
  watched.onAwaited = onAwaited;
  return watched;
}
