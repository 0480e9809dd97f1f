/** What `window` and `document` have that is used here; both are absent on a server. */
interface Page {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
  readonly document?: { readonly visibilityState: string };
}

/** When to look again. */
export interface NextLook {
  /** After so long, in milliseconds; 0: not by time. */
  readonly afterMs: number;
  readonly onFocus: boolean;
  readonly onReconnect: boolean;
}

/**
 * Waits until it is time to look again. While the page is hidden, time alone is no reason.
 *
 * @param next - the reasons
 * @param signal - ends it
 * @returns whether there is a reason; false: the signal has fired, or there is none to wait for
 */
export function untilNextLook({ afterMs, onFocus, onReconnect }: NextLook, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted || (afterMs <= 0 && !onFocus && !onReconnect)) return Promise.resolve(false);
  const page = globalThis as Page; // of these names there, or absent
  return new Promise((resolve) => {
    const events = [
      ...(onFocus ? ["focus"] : []),
      ...(onReconnect ? ["online"] : []),
      ...(afterMs > 0 ? ["focus"] : []), // a look that was left out while it was hidden
    ];
    const end = (isDue: boolean) => {
      clearInterval(timer);
      for (const name of events) page.removeEventListener?.(name, look);
      signal.removeEventListener("abort", giveUp);
      resolve(isDue);
    };
    const look = () => end(true);
    const giveUp = () => end(false);
    const lookIfShown = () => {
      if (page.document?.visibilityState !== "hidden") look();
    };
    const timer = afterMs > 0 ? setInterval(lookIfShown, afterMs) : undefined;
    for (const name of events) page.addEventListener?.(name, look);
    signal.addEventListener("abort", giveUp, { once: true });
  });
}
