import { useEffect } from "react";

/** A state that a component has shown, for the test to read. */
export interface Shown {
  /** As JSON has it. */
  readonly state: unknown;
  /** When it was shown, in milliseconds since 1970. */
  readonly atMs: number;
}

/** All of them, in order. */
export const shown: Shown[] = [];

/**
 * Writes down what a component shows, once it is on the page.
 *
 * @param state - what the hook gave
 */
export function useShown(state: unknown): void {
  const text = JSON.stringify(state);
  useEffect(() => {
    shown.push({ state: JSON.parse(text), atMs: performance.timeOrigin + performance.now() });
  }, [text]);
}
