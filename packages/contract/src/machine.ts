/** The sizes of machine that a run may ask for, from the smallest on. */
export const machinePresets = [
  "micro",
  "small-1x",
  "small-2x",
  "medium-1x",
  "medium-2x",
  "large-1x",
  "large-2x",
] as const;

/** One of {@link machinePresets}. */
export type MachinePreset = (typeof machinePresets)[number];

/** The machine of a run for which nobody asked for another. */
export const defaultMachine: MachinePreset = "small-1x";

const sizes: Readonly<Record<MachinePreset, MachineSize>> = {
  micro: { cpu: 0.25, memory: 0.25 },
  "small-1x": { cpu: 0.5, memory: 0.5 },
  "small-2x": { cpu: 1, memory: 1 },
  "medium-1x": { cpu: 1, memory: 2 },
  "medium-2x": { cpu: 2, memory: 4 },
  "large-1x": { cpu: 4, memory: 8 },
  "large-2x": { cpu: 8, memory: 16 },
};

/** What a machine has. */
export interface MachineSize {
  /** Cores. */
  readonly cpu: number;
  /** Gigabytes. */
  readonly memory: number;
}

/**
 * Says whether a name is that of a preset.
 *
 * @param name - the name
 * @returns whether it is
 * @example
 * ```ts
 * isMachinePreset("medium-1x"); // true
 * ```
 */
export function isMachinePreset(name: string): name is MachinePreset {
  return Object.hasOwn(sizes, name);
}

/**
 * Gives what a machine has.
 *
 * @param name - of a preset
 * @returns its size; that of the default machine for a name that is no preset's
 * @example
 * ```ts
 * machineSize("medium-1x"); // { cpu: 1, memory: 2 }
 * ```
 */
export function machineSize(name: string): MachineSize {
  return sizes[isMachinePreset(name) ? name : defaultMachine];
}
