const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Waits until this process is asked to end.
 *
 * @param onAgain - called for each further request
 * @returns when it is asked for the first time
 */
export function onceStopped(onAgain: () => void = () => undefined): Promise<void> {
  return new Promise((done) => {
    let isAsked = false;
    const asked = () => {
      if (isAsked) return onAgain();
      isAsked = true;
      done();
    };
    for (const signal of signals) process.on(signal, asked);
  });
}
