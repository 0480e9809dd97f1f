import { isMachinePreset, machinePresets } from "@pawl/contract/machine";

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
  return typeof value === "string" && isMachinePreset(value);
}

/** The presets, for messages. */
export const machineNames = `one of ${machinePresets.join(", ")}`;
