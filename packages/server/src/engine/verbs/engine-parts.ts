import type { BatchStore } from "../batch-ports.ts";
import type { Batcher } from "../batcher.ts";
import type { BulkActionStore } from "../bulk-ports.ts";
import type { Dispatchers } from "../dispatchers.ts";
import type { HostStore } from "../host-ports.ts";
import type { Notifier } from "../notice-ports.ts";
import type { NewRun, RunStore, TriggerOutcome, VersionStore } from "../ports.ts";
import type { QueueStore } from "../queue-ports.ts";
import type { ScheduleStore } from "../schedule-ports.ts";
import type { EngineServices } from "../services/engine-services.ts";
import type { StreamRecord, StreamRef, StreamStore } from "../stream-ports.ts";
import type { WaitStore } from "../wait-ports.ts";

/** What an engine is made of. */
export interface EngineSettings {
  readonly runs: RunStore;
  readonly waits: WaitStore;
  readonly queues: QueueStore;
  readonly hosts: HostStore;
  readonly versions: VersionStore;
  readonly batches: BatchStore;
  readonly bulkActions: BulkActionStore;
  readonly schedules: ScheduleStore;
  readonly streams: StreamStore;
  /** Told of chunks that are durable, for those who read their stream. */
  readonly onAppended: (ref: StreamRef, records: readonly StreamRecord[]) => void;
  readonly notifier: Notifier;
  /** Whether an error of the store may be the doing of one row of an array. */
  readonly isRowError: (error: unknown) => boolean;
  /** Whether the store answered with an error, so that nothing of what was asked has been done. */
  readonly isCertain: (error: unknown) => boolean;
  /** Told of errors that no caller sees; the work is tried again. */
  readonly onError: (error: unknown) => void;
}

/** What the verbs work with. */
export interface EngineParts {
  readonly settings: EngineSettings;
  readonly dispatchers: Dispatchers;
  readonly services: EngineServices;
  readonly triggers: Batcher<NewRun, TriggerOutcome>;
}
