import type { Spread } from "../load/protocol.ts";
import type { System } from "../system/system.ts";

/** What runs are measured in. */
export interface Scene {
  /** The queues and keys of the measured runs; default: those of their task. */
  readonly spread?: Spread;
  /** Whether other runs stand before them in their queue, which execute in their stead. */
  readonly isBehindOthers?: boolean;
  /** Ids from here on are of runs that are measured, or executed in their stead. */
  readonly sinceId: string;
  /** Ids of finished runs, to be read; default: nothing is read. */
  readonly toRead?: readonly string[];
  /** Takes down what was set up. */
  stop(): Promise<void>;
}

/** Something that grows, of which a run should not cost more. */
export interface Curve {
  readonly name: string;
  readonly title: string;
  /** What a size counts. */
  readonly unit: string;
  /** From the smallest, which the others are compared with. */
  readonly sizes: readonly number[];
  /** Of `--quick`. */
  readonly quickSizes: readonly number[];
  /** How a size is written; default: as a number. */
  labelOf?(size: number): string;
  /** Whether the smallest size gets a system of its own, since what is set up stays; else every sample is set up anew, in one system. */
  readonly isKept: boolean;
  /** Sets a size up, in a system that may have a smaller one. */
  arrange(system: System, size: number): Promise<Scene>;
}

/** Nothing to take down. */
export const stopNothing = async (): Promise<void> => undefined;
