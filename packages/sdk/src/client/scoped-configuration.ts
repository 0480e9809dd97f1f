import type * as AsyncHooks from "node:async_hooks";
import type { ClientConfiguration } from "./client-settings.ts";
import { nodeModule } from "./node-modules.ts";

/** The part of `AsyncLocalStorage` that is used. */
type Scope = Pick<AsyncHooks.AsyncLocalStorage<ClientConfiguration>, "getStore" | "run">;

// Copies of the SDK in one process share it, as they do the configuration of the process.
const scopeSymbol = Symbol.for("pawl.client.scope.1");

interface Holder {
  [scopeSymbol]?: Scope;
}

const holder = globalThis as Holder; // the symbol is ours alone

/**
 * Gives the configuration that holds for the calling code alone.
 *
 * @returns what `withConfiguration` around it was given; undefined outside of one
 * @example
 * ```ts
 * scopedConfiguration()?.accessToken;
 * ```
 */
export function scopedConfiguration(): ClientConfiguration | undefined {
  return holder[scopeSymbol]?.getStore();
}

/**
 * Has a configuration for some code, and what it calls, alone.
 *
 * @param configuration - in place of the other
 * @param body - the code
 * @returns what the code returns
 * @example
 * ```ts
 * await withConfiguration({ accessToken: token, baseURL }, () => runs.retrieve("run_1"));
 * ```
 */
export async function withConfiguration<T>(configuration: ClientConfiguration, body: () => T | Promise<T>): Promise<T> {
  holder[scopeSymbol] ??= createScope();
  return holder[scopeSymbol].run(configuration, body);
}

function createScope(): Scope {
  const asyncHooks = nodeModule("node:async_hooks");
  return asyncHooks === null ? createPlainScope() : new asyncHooks.AsyncLocalStorage<ClientConfiguration>();
}

/** Where nothing follows asynchronous code, in a browser: the last one that began holds for all code until it ends. */
function createPlainScope(): Scope {
  const open: { readonly configuration: ClientConfiguration }[] = [];
  return {
    getStore: () => open.at(-1)?.configuration,
    run<T>(configuration: ClientConfiguration, body: () => T): T {
      const entry = { configuration };
      open.push(entry);
      const close = () => open.splice(open.indexOf(entry), 1);
      let result: T;
      try {
        result = body();
      } catch (error) {
        close();
        throw error;
      }
      void Promise.resolve(result).then(close, close);
      return result;
    },
  };
}
