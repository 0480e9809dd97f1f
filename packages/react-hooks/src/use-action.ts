import { useCallback, useRef, useState } from "react";
import { useLatest } from "./use-latest.ts";

/** How far the last call of an action is. */
export interface ActionState<TResult> {
  readonly isLoading: boolean;
  readonly result: TResult | undefined;
  readonly error: Error | undefined;
}

const untouched = { isLoading: false, result: undefined, error: undefined };

/**
 * Makes an action that the component starts: of several calls it shows the last. A call that is under way when the component
 * unmounts is completed.
 *
 * @param subject - what it is about; another one begins without result and error
 * @param act - the action
 * @returns its state, and the way to start it
 */
export function useAction<TArguments extends readonly unknown[], TResult>(
  subject: string,
  act: (...call: TArguments) => Promise<TResult>,
): ActionState<TResult> & { readonly start: (...call: TArguments) => void } {
  const [current, setCurrent] = useState<{ subject: string; state: ActionState<TResult> }>({
    subject,
    state: untouched,
  });
  const latestAct = useLatest(act);
  const latestSubject = useLatest(subject);
  const calls = useRef(0);
  const start = useCallback(
    (...call: TArguments) => {
      const number = ++calls.current;
      const about = latestSubject.current;
      const show = (change: (state: ActionState<TResult>) => ActionState<TResult>) =>
        setCurrent(({ subject: shown, state }) => ({
          subject: about,
          state: change(shown === about ? state : untouched),
        }));
      const isLast = () => number === calls.current && about === latestSubject.current;
      show((state) => ({ ...state, isLoading: true, error: undefined }));
      latestAct.current(...call).then(
        (result) => isLast() && show(() => ({ isLoading: false, result, error: undefined })),
        (thrown: unknown) => {
          const error = thrown instanceof Error ? thrown : new Error(String(thrown));
          if (isLast()) show((state) => ({ ...state, isLoading: false, error }));
        },
      );
    },
    [latestAct, latestSubject],
  );
  return { ...(current.subject === subject ? current.state : untouched), start };
}
