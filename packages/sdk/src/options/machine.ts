import type { MachinePreset } from "../tasks/task-types.ts";

const presets: Readonly<Record<MachinePreset, true>> = {
  micro: true,
  "small-1x": true,
  "small-2x": true,
  "medium-1x": true,
  "medium-2x": true,
  "large-1x": true,
  "large-2x": true,
};

/**
 * Says whether a value is the name of a machine preset.
 *
 * @param value - the value
 * @returns whether it is one
 * @example
 * ```ts
 * isMachine("small-1x"); // true
 * ```
 */
export function isMachine(value: unknown): boolean {
  return typeof value === "string" && Object.hasOwn(presets, value);
}

/** The presets, for messages. */
export const machineNames = `one of ${Object.keys(presets).join(", ")}`;
