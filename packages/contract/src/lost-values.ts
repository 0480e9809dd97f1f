import { writePacket } from "./packet.ts";

const maxPathLength = 32;

/** A value that would silently be lost on its way. */
export interface LostValue {
  /** What it is, such as `a function`, for a message. */
  readonly kind: string;
  /** Such as `movies[3].render`; empty for the value itself. */
  readonly path: string;
}

/**
 * Finds what of a value that is to be sent JSON would leave out without a word: a function, a symbol, a promise that nobody awaited,
 * something open like a stream, a socket or a timer. What has a form of its own (`toJSON`) is no loss.
 *
 * @param value - the value
 * @returns the first one; null when there is none
 * @example
 * ```ts
 * pathToLost({ on: [() => 1] }); // { kind: "a function", path: "on[0]" }
 * ```
 */
export function pathToLost(value: unknown): LostValue | null {
  const seen = new Set<object>();
  const path: PropertyKey[] = [];
  const lostIn = (current: unknown): string | null => {
    if (typeof current === "function") return "a function";
    if (typeof current === "symbol") return "a symbol";
    if (typeof current !== "object" || current === null || seen.has(current) || writesItself(current)) return null;
    const open = openHandle(current);
    if (open !== null) return open;
    seen.add(current);
    for (const [key, child] of childrenOf(current)) {
      path.push(key);
      const found = lostIn(child);
      if (found !== null) return found;
      path.pop();
    }
    return null;
  };
  const kind = lostIn(value);
  return kind === null ? null : { kind, path: pathText(path) };
}

/**
 * Finds the value inside of another one that can't be written, by following the first child that can't be written by itself.
 *
 * @param value - what can't be written
 * @returns the path, such as `movies[3]`; empty for the value itself
 */
export function pathToUnwritable(value: unknown): string {
  const path: PropertyKey[] = [];
  let current = value;
  try {
    while (path.length < maxPathLength) {
      const key = unwritableKey(current);
      if (key === null) break;
      path.push(key);
      current = childOf(current, key);
    }
  } catch {
    // what was reached throws when it is read: it is what can't be written
  }
  return pathText(path);
}

/**
 * Writes a path for people: `movies[3].year`.
 *
 * @param path - property names and indexes
 * @returns the text; empty for an empty path
 * @example
 * ```ts
 * pathText(["movies", 3, "year"]); // "movies[3].year"
 * ```
 */
export function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number" || /^\d+$/.test(String(key))) text += `[${String(key)}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text;
}

/** Whether a value has a form of its own in a packet, whatever else it holds. */
function writesItself(value: object): boolean {
  if (ArrayBuffer.isView(value) || value instanceof Date || value instanceof RegExp || value instanceof Error)
    return true;
  return "toJSON" in value && typeof value.toJSON === "function";
}

/** What stays in its process, told by what it can do, so that it may come from any library; null: it is none of these. */
function openHandle(value: object): string | null {
  const can = (name: PropertyKey) => name in value && typeof childOf(value, name) === "function";
  if (can("then")) return "a promise that was not awaited";
  const name = nameOf(value);
  if (can("pipe") || can("getReader") || can("getWriter") || can("arrayBuffer")) return `an open stream (${name})`;
  if (can("on") && can("emit")) return `an open handle (${name})`;
  if (can("hasRef") && can("unref")) return "a timer";
  if (can(Symbol.asyncIterator) || can(Symbol.asyncDispose)) return `an open handle (${name})`;
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) return `a ${name}`;
  return null;
}

function nameOf(value: object): string {
  const maker = childOf(value, "constructor");
  return typeof maker === "function" && maker.name !== "" ? maker.name : "object";
}

function* childrenOf(value: object): Iterable<readonly [PropertyKey, unknown]> {
  if (value instanceof Map) {
    let index = 0;
    for (const [key, child] of value) {
      yield [index, key];
      yield [typeof key === "string" ? key : index, child];
      index++;
    }
    return;
  }
  if (value instanceof Set) yield* [...value].entries();
  else yield* Object.entries(value);
}

function unwritableKey(value: unknown): PropertyKey | null {
  if (typeof value !== "object" || value === null) return null;
  for (const key of Object.keys(value)) {
    try {
      writePacket(childOf(value, key));
    } catch {
      return key;
    }
  }
  return null;
}

function childOf(value: unknown, key: PropertyKey): unknown {
  return (value as Readonly<Record<PropertyKey, unknown>>)[key]; // any object can be read by name
}
