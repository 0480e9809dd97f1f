import { defaultMachine } from "@pawl/contract/api/trigger";

/** A machine as workers read it; memory in GB. */
export interface MachineView {
  readonly name: string;
  readonly cpu: number;
  readonly memory: number;
  readonly centsPerMs: number;
}

const sizes: Readonly<Record<string, { readonly cpu: number; readonly memory: number }>> = {
  micro: { cpu: 0.25, memory: 0.25 },
  "small-1x": { cpu: 0.5, memory: 0.5 },
  "small-2x": { cpu: 1, memory: 1 },
  "medium-1x": { cpu: 1, memory: 2 },
  "medium-2x": { cpu: 2, memory: 4 },
  "large-1x": { cpu: 4, memory: 8 },
  "large-2x": { cpu: 8, memory: 16 },
};

/**
 * The machine of a run. A worker knows the seven names only, and derives a limit of memory from it.
 *
 * @param name - what the run or its task asks for
 * @returns the machine; the default one for a name of one's own
 */
export function machineOf(name: string | null): MachineView {
  const known = name !== null && sizes[name] !== undefined ? name : defaultMachine;
  return { name: known, ...(sizes[known] ?? { cpu: 0.5, memory: 0.5 }), centsPerMs: 0 };
}
