import { metadataPath, type PathStep } from "./metadata-path.ts";

/** Metadata of a run: a JSON object. */
export type Metadata = Readonly<Record<string, unknown>>;

/** A change of a run's metadata. Changes that different runs make at the same time come together, whatever their order. */
export type MetadataOperation =
  | { readonly type: "set"; readonly key: string; readonly value: unknown }
  | { readonly type: "delete"; readonly key: string }
  /** Adds to an array, and makes one of what is no array. */
  | { readonly type: "append"; readonly key: string; readonly value: unknown }
  /** Takes all that equals the value out of an array. */
  | { readonly type: "remove"; readonly key: string; readonly value: unknown }
  /** Adds to a number; what is none counts as 0. */
  | { readonly type: "increment"; readonly key: string; readonly value: number }
  /** Puts another object in place of all. */
  | { readonly type: "update"; readonly value: Metadata };

/**
 * Applies changes to metadata.
 *
 * @param metadata - stays as it is
 * @param operations - in their order; those whose key `metadataPath` can't read change nothing
 * @returns the changed metadata
 * @example
 * ```ts
 * applyMetadataOperations({ done: 1 }, [{ type: "increment", key: "done", value: 2 }]); // { done: 3 }
 * ```
 */
export function applyMetadataOperations(metadata: Metadata, operations: readonly MetadataOperation[]): Metadata {
  let changed: Metadata = structuredClone(metadata);
  for (const operation of operations) {
    if (operation.type === "update") {
      changed = structuredClone(operation.value);
      continue;
    }
    const path = metadataPath(operation.key);
    if (path !== null) applyAt(changed, path, operation);
  }
  return changed;
}

type Container = Record<PathStep, unknown>;

function applyAt(root: Metadata, path: readonly PathStep[], operation: Exclude<MetadataOperation, { type: "update" }>) {
  const last = path.at(-1) ?? "";
  const mayMake = operation.type !== "delete" && operation.type !== "remove";
  const container = containerOf(root, path, mayMake);
  if (container === null || (Array.isArray(container) && typeof last !== "number")) return;
  const current = Object.hasOwn(container, last) ? container[last] : undefined;
  switch (operation.type) {
    case "set":
      container[last] = operation.value;
      break;
    case "delete":
      if (Array.isArray(container)) container.splice(Number(last), 1);
      else Reflect.deleteProperty(container, last);
      break;
    case "append": {
      const before = current === undefined ? [] : [current];
      container[last] = [...(Array.isArray(current) ? current : before), operation.value];
      break;
    }
    case "remove":
      if (Array.isArray(current)) container[last] = current.filter((one) => !isEqual(one, operation.value));
      break;
    case "increment":
      container[last] = (typeof current === "number" ? current : 0) + operation.value;
  }
}

/** What the last step of a path leads out of; null where there is none, unless it may be made. */
function containerOf(root: Metadata, path: readonly PathStep[], mayMake: boolean): Container | null {
  let container = root as Container; // a clone of our own
  for (const [index, step] of path.slice(0, -1).entries()) {
    const next = Object.hasOwn(container, step) ? container[step] : undefined;
    if (typeof next === "object" && next !== null) container = next as Container;
    else if (!mayMake) return null;
    else {
      const made: Container = typeof path[index + 1] === "number" ? ([] as unknown as Container) : {};
      container[step] = made;
      container = made;
    }
  }
  return container;
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [first, second] = [a as Container, b as Container];
  const names = Object.keys(first);
  return (
    names.length === Object.keys(second).length &&
    names.every((name) => Object.hasOwn(second, name) && isEqual(first[name], second[name]))
  );
}
