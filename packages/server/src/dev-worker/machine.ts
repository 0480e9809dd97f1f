import { defaultMachine, isMachinePreset, type MachineSize, machineSize } from "@pawl/contract/machine";

/** A machine as workers read it; memory in GB. */
export interface MachineView extends MachineSize {
  readonly name: string;
  readonly centsPerMs: number;
}

/**
 * The machine of a run. A worker knows the seven names only, and derives a limit of memory from it.
 *
 * @param name - what the run or its task asks for
 * @returns the machine; the default one for a name of one's own
 */
export function machineOf(name: string | null): MachineView {
  const known = name !== null && isMachinePreset(name) ? name : defaultMachine;
  return { name: known, ...machineSize(known), centsPerMs: 0 };
}
