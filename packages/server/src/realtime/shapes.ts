import { newUuid } from "@pawl/contract/ids";
import type { RunRecordWithPackets } from "../engine/read-ports.ts";
import type { RealtimeReader, RunSelection, RunVersions } from "../engine/realtime-ports.ts";
import { RunWatch } from "./run-watch.ts";

/** How long a request waits for a change, in milliseconds. */
const longestWaitMs = 20_000;

/** A reader that has not come back for so long is forgotten; when it comes it begins anew. In milliseconds. */
const forgottenAfterMs = 120_000;

/** What a live reader asks for. */
export interface ShapeRequest {
  readonly environmentId: string;
  readonly selection: RunSelection;
  /** Which answer it has read last; null: none. */
  readonly seen: { readonly handle: string; readonly offset: string } | null;
  /** Whether to wait for a change. */
  readonly isLive: boolean;
  /** Fires when the reader has gone. */
  readonly signal: AbortSignal;
}

/** What a live reader gets. */
export type ShapeAnswer =
  | {
      readonly kind: "rows";
      readonly handle: string;
      /** What the reader names when it comes back. */
      readonly offset: string;
      readonly rows: readonly { readonly run: RunRecordWithPackets; readonly isNew: boolean }[];
    }
  /** It has to begin anew: this server does not know what it has read. */
  | { readonly kind: "must_refetch" };

/** What a reader has been told. */
interface Shape {
  readonly environmentId: string;
  readonly selection: string;
  /** The versions of the runs as of the last two answers, since the last may not have arrived. */
  readonly told: { readonly offset: string; readonly versions: RunVersions }[];
  readonly usedAtMs: number;
}

/**
 * What live readers have been told, so that each answer has only what is new to them. It is kept in memory alone: after a restart, or on
 * another server, a reader is told to begin anew, and misses nothing.
 */
export class Shapes {
  readonly #reader: RealtimeReader;
  readonly #watch: RunWatch;
  readonly #shapes = new Map<string, Shape>();
  readonly #closing = new AbortController();
  #answers = 0;

  constructor(reader: RealtimeReader) {
    this.#reader = reader;
    this.#watch = new RunWatch(reader);
  }

  /** Answers a live reader. */
  async answer(request: ShapeRequest): Promise<ShapeAnswer> {
    this.#forgetOld();
    if (request.seen === null) return this.#first(request);
    const { handle, offset } = request.seen;
    const shape = this.#shapes.get(handle);
    const told = shape?.told.find((one) => one.offset === offset);
    if (shape === undefined || told === undefined || !isOf(shape, request)) return { kind: "must_refetch" };
    const { environmentId, selection } = request;
    const signals = [request.signal, this.#closing.signal];
    const signal = AbortSignal.any(request.isLive ? [...signals, AbortSignal.timeout(longestWaitMs)] : signals);
    const changed = request.isLive
      ? await this.#watch.change(environmentId, selection, told.versions, signal)
      : await this.#reader.changed(environmentId, await this.#following(request, told.versions));
    return this.#tell(handle, request, told, changed);
  }

  /** Lets those who wait go, with nothing new. */
  close(): void {
    this.#closing.abort();
  }

  async #first(request: ShapeRequest): Promise<ShapeAnswer> {
    const changed = await this.#reader.changed(request.environmentId, await this.#following(request, new Map()));
    return this.#tell(newUuid(), request, { offset: "-1", versions: new Map() }, changed);
  }

  /** The runs of the selection, with the versions that are known of them. */
  async #following({ environmentId, selection }: ShapeRequest, known: RunVersions): Promise<RunVersions> {
    const ids = await this.#reader.select(environmentId, selection);
    return new Map(ids.map((id) => [id, known.get(id) ?? ""]));
  }

  // A run that changes between the look at its version and the read of its row is told again with the next answer.
  async #tell(
    handle: string,
    { environmentId, selection }: ShapeRequest,
    before: Shape["told"][number],
    changed: RunVersions,
  ): Promise<ShapeAnswer> {
    const runs = changed.size === 0 ? [] : await this.#reader.read(environmentId, [...changed.keys()]);
    this.#answers += 1;
    const offset = changed.size === 0 && before.offset !== "-1" ? before.offset : `${this.#answers}_0`;
    const told = { offset, versions: new Map([...before.versions, ...changed]) };
    this.#shapes.delete(handle); // the one that is used last stands last
    this.#shapes.set(handle, {
      environmentId,
      selection: JSON.stringify(selection),
      told: offset === before.offset ? [before] : [before, told],
      usedAtMs: performance.now(),
    });
    return { kind: "rows", handle, offset, rows: runs.map((run) => ({ run, isNew: !before.versions.has(run.id) })) };
  }

  /** The oldest come first. */
  #forgetOld(): void {
    const nowMs = performance.now();
    for (const [handle, { usedAtMs }] of this.#shapes) {
      if (nowMs - usedAtMs < forgottenAfterMs) return;
      this.#shapes.delete(handle);
    }
  }
}

/** The time since which a reader of tags looks moves on; it stays the same reader. */
function isOf({ environmentId, selection }: Shape, request: ShapeRequest): boolean {
  const withoutSince = (text: string) => text.replace(/,"since":"[^"]*"/, "");
  return (
    environmentId === request.environmentId &&
    withoutSince(selection) === withoutSince(JSON.stringify(request.selection))
  );
}
