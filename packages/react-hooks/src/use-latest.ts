import { type RefObject, useEffect, useRef } from "react";

/**
 * Keeps the value of the last committed render for code that runs later, so that a callback which is another function in each
 * render starts nothing anew.
 *
 * @param value - of this render
 * @returns a reference to it
 */
export function useLatest<T>(value: T): RefObject<T> {
  const reference = useRef(value);
  useEffect(() => {
    reference.current = value;
  });
  return reference;
}
