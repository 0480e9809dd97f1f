import type { RunStore } from "../ports.ts";
import type { Service } from "../service.ts";
import { Alarm } from "./alarm.ts";

/** How often lanes are looked at, in milliseconds. */
const sweepEveryMs = 60_000;

/** What the service needs of the engine around it. */
export interface LaneSweepSettings {
  readonly runs: RunStore;
  /** Whether hosts are connected to this server; without them there is nobody to claim for. */
  readonly hasHosts: () => boolean;
  /** An environment in which something had been forgotten. */
  readonly onFreed: (environmentId: string) => void;
  readonly onError: (error: unknown) => void;
}

/** Checks once a minute that no lane with queued runs and no run whose wait is over was forgotten, as by a server that died. */
export class LaneSweep implements Service {
  readonly #settings: LaneSweepSettings;
  readonly #alarm = new Alarm(
    () => this.runOnce(),
    () => performance.now(),
  );
  #isStopped = true;

  constructor(settings: LaneSweepSettings) {
    this.#settings = settings;
  }

  start(): void {
    this.#isStopped = false;
    this.#alarm.expect(sweepEveryMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#alarm.stop();
  }

  async runOnce(): Promise<void> {
    this.#alarm.clear();
    try {
      if (this.#settings.hasHosts()) {
        for (const environmentId of await this.#settings.runs.sweepLanes()) this.#settings.onFreed(environmentId);
      }
    } catch (error) {
      this.#settings.onError(error);
    }
    if (!this.#isStopped) this.#alarm.expect(sweepEveryMs);
  }
}
