import type { PacketType } from "@pawl/contract/packet";
import type { ChildResult } from "@pawl/contract/worker-protocol";
import type { MemoryEngine } from "./memory-engine.ts";
import type { MemoryRun, RunOptions } from "./memory-run.ts";
import { Refusal } from "./refusal.ts";
import { Waitpoint } from "./waitpoint.ts";

/** A batch of a test. */
export interface MemoryBatch {
  readonly id: string;
  readonly runCount: number;
  readonly parent: MemoryRun | null;
  readonly waitpoint: Waitpoint;
  /** By index. */
  readonly runs: Map<number, MemoryRun | ChildResult>;
}

/** One line of a batch's items. */
export interface BatchItem {
  readonly index: number;
  readonly task: string;
  readonly payload?: string;
  readonly options?: RunOptions;
}

/** The batches of a test. */
export class Batches {
  readonly #engine: MemoryEngine;
  readonly #batches = new Map<string, MemoryBatch>();

  constructor(engine: MemoryEngine) {
    this.#engine = engine;
  }

  /** Makes an empty batch. */
  make(runCount: number, parent: MemoryRun | null): MemoryBatch {
    const id = `batch_${this.#batches.size + 1}`;
    const batch = { id, runCount, parent, waitpoint: new Waitpoint(id, `batch ${id}`), runs: new Map() };
    this.#batches.set(id, batch);
    return batch;
  }

  /** @throws Refusal when there is none with the id */
  get(id: string): MemoryBatch {
    const batch = this.#batches.get(id);
    if (batch === undefined) throw new Refusal("not_found", `This test has no batch ${id}.`);
    return batch;
  }

  /** Makes the runs of items; those that came before are found. */
  add(batch: MemoryBatch, items: readonly BatchItem[]): void {
    for (const item of items) if (!batch.runs.has(item.index)) batch.runs.set(item.index, this.#make(batch, item));
    if (batch.runs.size < batch.runCount) return;
    for (const run of this.runsOf(batch)) this.#engine.waitpointOf(run).whenOver(() => this.#look(batch));
    this.#look(batch);
  }

  /** The runs of a batch, in the order of its items. */
  runsOf(batch: MemoryBatch): readonly MemoryRun[] {
    return inOrder(batch).filter((run) => "order" in run);
  }

  #make(batch: MemoryBatch, { task, payload, options }: BatchItem): MemoryRun | ChildResult {
    const type = (options?.payloadType ?? "application/json") as PacketType; // written by the SDK
    const packet = payload === undefined ? { type } : { type, text: payload };
    try {
      const { id: batchId, parent } = batch;
      return this.#engine.trigger({ taskId: task, payload: packet, options: options ?? {}, parent, batchId }).run;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { message } = error;
      const reason = { type: "INTERNAL_ERROR", code: "BATCH_ITEM_COULD_NOT_TRIGGER", message } as const;
      return { taskId: task, ok: false, error: reason };
    }
  }

  #look(batch: MemoryBatch): void {
    if (this.runsOf(batch).some((run) => run.ending === null)) return;
    const runs = inOrder(batch).map((run) => ("order" in run ? run.result : run));
    batch.waitpoint.end({ kind: "batch", batchId: batch.id, isAborted: false, runs });
  }
}

function inOrder(batch: MemoryBatch): readonly (MemoryRun | ChildResult)[] {
  return [...batch.runs].sort(([a], [b]) => a - b).map(([, run]) => run);
}
