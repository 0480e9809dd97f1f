import type * as AsyncHooks from "node:async_hooks";
import type * as Crypto from "node:crypto";
import type * as Fs from "node:fs";
import type * as Net from "node:net";
import type * as Path from "node:path";

/** The built-in modules that the SDK uses where they exist. */
interface NodeModules {
  "node:async_hooks": typeof AsyncHooks;
  "node:crypto": typeof Crypto;
  "node:fs": typeof Fs;
  "node:net": typeof Net;
  "node:path": typeof Path;
}

/** Bun's own `fetch` and Web Crypto are as good as these of it. */
const onlyOnNode: ReadonlySet<string> = new Set<keyof NodeModules>(["node:net", "node:crypto"]);

/**
 * Gives a built-in module of Node without an import, so that bundles for browsers and edge runtimes hold no trace of it.
 *
 * @param name - the module
 * @returns the module; `null` in a browser and on runtimes other than Node, except for what others have just so
 * @example
 * ```ts
 * nodeModule("node:fs")?.existsSync("/tmp");
 * ```
 */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | null {
  const host = globalThis.process as NodeJS.Process | undefined; // absent in a browser
  if (host?.versions?.node === undefined) return null;
  if (host.versions.bun !== undefined && onlyOnNode.has(name)) return null;
  // The name decides the type; Node's own declaration takes any string.
  return (host.getBuiltinModule?.(name) as NodeModules[Name] | undefined) ?? null;
}

/**
 * Reads an environment variable.
 *
 * @param name - its name
 * @returns its value; `undefined` when it is not set, empty, or the runtime has no environment
 * @example
 * ```ts
 * environmentVariable("TRIGGER_SECRET_KEY"); // "tr_dev_…"
 * ```
 */
export function environmentVariable(name: string): string | undefined {
  const host = globalThis.process as NodeJS.Process | undefined; // absent in a browser
  return host?.env?.[name] || undefined;
}
