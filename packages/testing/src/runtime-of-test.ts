import { type ContextStore, runtime } from "@pawl/sdk/runtime";

/**
 * Has the code of a test be a backend's: only what belongs to a run is inside one. In a run process, code without a run has lost
 * its context.
 *
 * @returns what puts back what was there
 */
export function useRuntime(): () => void {
  const shared = runtime();
  const hooks = [...shared.globalHooks];
  const { executing } = shared;
  let context: ContextStore | null = null;
  Object.defineProperty(shared, "context", {
    configurable: true,
    enumerable: true,
    get: () => (context?.getStore() === undefined ? null : context),
    set: (store: ContextStore | null) => {
      context = store;
    },
  });
  return () => {
    Object.defineProperty(shared, "context", { configurable: true, enumerable: true, writable: true, value: null });
    shared.executing = executing;
    shared.globalHooks.splice(0, Number.POSITIVE_INFINITY, ...hooks);
  };
}
