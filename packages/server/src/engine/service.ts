/** A background loop. `start` and `stop` are safe to call twice, and `stop` before `start`. */
export interface Service {
  start(): void;
  /** Resolves when nothing of the loop runs any more. */
  stop(): Promise<void>;
  /** One round of the loop, for tests. */
  runOnce(): Promise<void>;
}
