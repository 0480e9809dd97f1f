import { useCallback, useState, useSyncExternalStore } from "react";
import { Followed, type Plan, type Snapshot } from "./source.ts";

/** What a component shows of what it follows. */
export interface FollowedState<T> extends Snapshot<T> {
  /** Ends the request; what was shown stays. */
  readonly stop: () => void;
}

const followNothing = () => () => undefined;

/**
 * Follows something while the component is mounted. On a server nothing is followed.
 *
 * @param subject - what is followed, by its id: what has been shown stays as long as it is the same
 * @param plan - how it is followed; another key starts anew, null stops
 * @param empty - what is shown until something has come
 * @returns what has come last
 */
export function useFollowed<T>(subject: string, plan: Plan<T> | null, empty: T): FollowedState<T> {
  const [current, setCurrent] = useState(() => ({ subject, followed: new Followed(plan, empty) }));
  const [stopped, setStopped] = useState<Followed<T> | null>(null);
  let { followed } = current;
  if (current.subject !== subject || followed.plan?.key !== plan?.key) {
    followed = new Followed(plan, current.subject === subject ? followed.snapshot().value : empty);
    setCurrent({ subject, followed });
  }
  const subscribe = stopped === followed ? followNothing : followed.subscribe;
  const { value, error } = useSyncExternalStore(subscribe, followed.snapshot, followed.snapshot);
  const stop = useCallback(() => setStopped(followed), [followed]);
  return { value, error, stop };
}
