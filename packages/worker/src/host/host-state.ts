import type { EnvironmentFacts } from "../channel/messages.ts";
import { HeldRuns } from "./held-runs.ts";
import type { PooledVersion } from "./process-pool.ts";
import { RunPace } from "./run-pace.ts";

/** A version whose bundle this host has. */
export interface HostVersion extends PooledVersion {
  readonly label: string;
}

/** What a host knows; its parts share it. */
export class HostState {
  readonly held = new HeldRuns();
  readonly pace = new RunPace();
  readonly versions = new Map<string, HostVersion>();
  /** The version that new runs are expected for. */
  current: HostVersion | null = null;
  /** Whether the host takes no more runs, since it is about to stop. */
  isDraining = false;
  /** The highest push seen on this connection. */
  afterPush = 0;
  environment: EnvironmentFacts = { id: "", slug: "", type: "" };
}
