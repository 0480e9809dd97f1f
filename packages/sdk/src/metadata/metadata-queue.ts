import type { MetadataAnswer } from "@pawl/contract/api/annotations";
import { applyMetadataOperations, type Metadata, type MetadataOperation } from "@pawl/contract/metadata-operations";
import { callApi } from "../client/call.ts";
import { ApiError } from "../errors/api-error.ts";
import { logger } from "../logger.ts";
import type { ActiveRun } from "../runtime.ts";

/** Whose metadata a change is for. */
export type MetadataTarget = "self" | "parent" | "root";

/** How long changes gather before they are sent, in milliseconds. */
const flushEveryMs = 1_000;

/** The most changes of one request. */
const mostOperations = 5_000;

const bodyFields = { self: "operations", parent: "parentOperations", root: "rootOperations" } as const;

/** A change, and whose metadata it is for. */
interface Change {
  readonly target: MetadataTarget;
  readonly operation: MetadataOperation;
}

/** The metadata of one attempt of a run as its code sees it, with the changes that the server has not got yet. */
export class MetadataQueue {
  readonly #run: ActiveRun;
  #base: Metadata;
  /** Changes of the run's own metadata that `#base` does not have. */
  #unapplied: MetadataOperation[] = [];
  #queue: Change[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #sending: Promise<void> | null = null;

  /**
   * @param run - the run
   * @param metadata - what it has when the attempt begins
   */
  constructor(run: ActiveRun, metadata: Metadata) {
    this.#run = run;
    this.#base = metadata;
  }

  /** The run's own metadata, with every change so far. */
  get current(): Metadata {
    if (this.#unapplied.length > 0) {
      this.#base = applyMetadataOperations(this.#base, this.#unapplied);
      this.#unapplied = [];
    }
    return this.#base;
  }

  /** Whether there are changes that the server has not got. */
  get hasUnsent(): boolean {
    return this.#queue.length > 0 || this.#sending !== null;
  }

  /** Adds a change, which is sent within a second. */
  add(target: MetadataTarget, operation: MetadataOperation): void {
    if (target === "self") this.#unapplied.push(operation);
    const last = this.#queue.at(-1);
    const merged = last?.target === target ? mergedOf(last.operation, operation) : null;
    if (merged === null) this.#queue.push({ target, operation });
    else this.#queue[this.#queue.length - 1] = { target, operation: merged };
    if (this.#timer !== null || this.#sending !== null) return;
    this.#timer = setTimeout(() => void this.flush().catch(() => undefined), flushEveryMs);
  }

  /**
   * Sends what has gathered.
   *
   * @throws ApiError or ApiConnectionError when that fails; what the server may take later is sent again with the next flush
   */
  async flush(): Promise<void> {
    while (this.#queue.length > 0 || this.#sending !== null) {
      this.#sending ??= this.#send().finally(() => {
        this.#sending = null;
      });
      await this.#sending;
    }
  }

  /** Sends what is left at the end of the attempt; a failure is logged. */
  async flushAtEnd(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      logger.error("The last changes of the metadata could not be stored", {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** Reads the run's own metadata again, as others may have changed it. */
  async refresh(): Promise<Metadata> {
    await this.flush();
    const { body } = await callApi({ method: "GET", path: this.#path });
    return this.#take(body);
  }

  get #path(): string {
    return `/api/v1/runs/${encodeURIComponent(this.#run.runId)}/metadata`;
  }

  async #send(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const changes = this.#queue.splice(0, mostOperations);
    try {
      const { body } = await callApi({ method: "PUT", path: this.#path, body: JSON.stringify(bodyOf(changes)) });
      // With changes under way, the server's answer is behind what the code has seen.
      if (this.#queue.length === 0) this.#take(body);
    } catch (error) {
      const isRefused = error instanceof ApiError && error.status !== undefined && error.status < 500;
      if (!isRefused) this.#queue.unshift(...changes);
      throw error;
    }
  }

  #take(body: unknown): Metadata {
    const answer = body as Partial<MetadataAnswer> | null; // checked in the next line
    if (typeof answer?.metadata === "object" && answer.metadata !== null) {
      this.#base = answer.metadata;
      this.#unapplied = [];
    }
    return this.current;
  }
}

/** One change in place of two that follow each other, or null. */
function mergedOf(first: MetadataOperation, second: MetadataOperation): MetadataOperation | null {
  if (first.type === "increment" && second.type === "increment" && first.key === second.key) {
    return { ...first, value: first.value + second.value };
  }
  return first.type === "set" && second.type === "set" && first.key === second.key ? second : null;
}

function bodyOf(changes: readonly Change[]): Readonly<Record<string, readonly MetadataOperation[]>> {
  const body: Record<string, readonly MetadataOperation[]> = {};
  for (const target of ["self", "parent", "root"] as const) {
    const operations = changes.filter((change) => change.target === target).map(({ operation }) => operation);
    if (operations.length > 0) body[bodyFields[target]] = operations;
  }
  return body;
}
