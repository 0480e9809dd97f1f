import type { LiveRun, SkippableColumn } from "@pawl/sdk";
import { readToEnd, subscribeToRun } from "@pawl/sdk/page";
import type { Show } from "./source.ts";
import type { CallTarget } from "./target.ts";

/** The parts of each stream so far; one that has none yet is absent. */
export type StreamResults<TStreams extends object> = { readonly [K in keyof TStreams]?: readonly TStreams[K][] };

/** A run, and what was read of its streams. */
export interface RunWithStreams {
  readonly run: LiveRun | undefined;
  readonly streams: StreamResults<Record<string, unknown>>;
  /** The place of the last part of each stream. */
  readonly lastEventIds: Readonly<Record<string, string>>;
}

/** Before anything has come. */
export const nothingSeen: RunWithStreams = { run: undefined, streams: {}, lastEventIds: {} };

/** How a run is followed. */
interface FollowSettings {
  readonly stopOnCompletion: boolean;
  readonly skipColumns: readonly SkippableColumn[];
  readonly clientConfig: CallTarget;
  readonly signal: AbortSignal;
}

/** A run and what was read of its streams. Followed again, it goes on where it was. */
export class FollowedRun {
  readonly #id: string;
  readonly #show: Show<RunWithStreams>;
  #run: LiveRun | undefined;
  readonly #parts: Map<string, unknown[]>;
  readonly #lastEventIds: Map<string, string>;

  constructor(id: string, show: Show<RunWithStreams>, { run, streams, lastEventIds }: RunWithStreams) {
    this.#id = id;
    this.#show = show;
    this.#run = run;
    this.#parts = new Map(Object.entries(streams).map(([key, parts = []]) => [key, [...parts]]));
    this.#lastEventIds = new Map(Object.entries(lastEventIds));
  }

  /** Follows it until it has ended and its streams are read. Whatever ends it before ends the reading of the streams, too. */
  async follow({ signal, ...settings }: FollowSettings, noteNews: () => void): Promise<void> {
    const ending = new AbortController();
    const end = () => ending.abort();
    signal.addEventListener("abort", end, { once: true });
    const reading = new Map<string, Promise<void>>();
    const failures: unknown[] = [];
    const fail = (error: unknown) => {
      failures.push(error);
      end();
    };
    const readAll = async () => {
      for await (const run of subscribeToRun(this.#id, { ...settings, signal: ending.signal })) {
        noteNews();
        this.#run = run;
        this.#update();
        for (const key of run.realtimeStreams) {
          if (!reading.has(key)) reading.set(key, this.#read(key, settings.clientConfig, ending.signal).catch(fail));
        }
      }
    };
    await readAll().catch(fail);
    await Promise.all(reading.values());
    signal.removeEventListener("abort", end);
    if (failures.length > 0) throw failures[0];
  }

  async #read(key: string, clientConfig: CallTarget, signal: AbortSignal): Promise<void> {
    const parts = this.#parts.get(key) ?? [];
    const lastEventId = this.#lastEventIds.get(key);
    const after = lastEventId === undefined ? {} : { lastEventId };
    const onPart = ({ id }: { readonly id: string }) => this.#lastEventIds.set(key, id);
    for await (const part of await readToEnd(this.#id, key, { ...after, clientConfig, signal, onPart })) {
      parts.push(part);
      this.#parts.set(key, parts);
      this.#update();
    }
  }

  #update(): void {
    this.#show(() => ({
      run: this.#run,
      streams: Object.fromEntries([...this.#parts].map(([key, parts]) => [key, [...parts]])),
      lastEventIds: Object.fromEntries(this.#lastEventIds),
    }));
  }
}
