import type { RegisteredVersion, VersionManifest } from "@pawl/contract/task-manifest";
import type { HostLink, HostSession } from "./host-link.ts";
import type { Environment, NewRun, TriggerOutcome } from "./ports.ts";

/** A run to trigger; the engine adds an id and a trace id where the caller has none. */
export type TriggerRequest = Omit<NewRun, "id" | "traceId"> & { readonly id?: string; readonly traceId?: string };

/** The verbs that callers outside of the engine use. Ids are UUIDs. */
export interface Engine {
  /** Makes a run; calls that arrive together share one transaction. Resolves when the run is durable. */
  trigger(request: TriggerRequest): Promise<TriggerOutcome>;
  /** Makes runs in one transaction; outcomes come in their order. */
  triggerMany(requests: readonly TriggerRequest[]): Promise<readonly TriggerOutcome[]>;
  /** Makes an empty batch, whose items follow; the same request key finds the same batch. */
  createBatch(
    environmentId: string,
    runCount: number,
    requestKey: string | null,
  ): Promise<{ readonly id: string; readonly runCount: number; readonly isFound: boolean }>;
  /** Makes a version current and queues the runs that waited for its tasks. The id is a UUID. */
  registerVersion(environment: Environment, manifest: VersionManifest): Promise<RegisteredVersion>;
  /** Takes a new connection of a worker host. */
  openHost(link: HostLink): HostSession;
  /** Another server, or a timer, has made runs claimable. */
  wake(environmentId: string): void;
  start(): Promise<void>;
  /** Stops claiming and timers, and lets what is in flight commit. Safe twice. */
  stop(): Promise<void>;
}
