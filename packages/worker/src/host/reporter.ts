import type { Capacity, Held, RunResult, SentHostMessage } from "@pawl/contract/worker-protocol";
import type { HeldRun } from "./held-runs.ts";
import { isLongOutput } from "./output-store.ts";

const maxInFlight = 2;
/** Outputs of about this many characters fill a report; what is left goes with the next one. */
const maxReportLength = 4 * 1024 * 1024;

interface Report {
  readonly report: number;
  readonly results: readonly RunResult[];
  readonly started: readonly HeldRun[];
  readonly returned: readonly Held[];
  readonly orphaned: readonly Held[];
  /** The next attempts of results that are repeated here; not sent. */
  readonly repeated: readonly HeldRun[];
}

/** What an ack lets go on. */
export interface Acked {
  /** Runs whose start is committed now. */
  readonly started: readonly HeldRun[];
  /** Next attempts that may begin here when they are due. */
  readonly repeated: readonly HeldRun[];
}

/** What a reporter needs of its surroundings. */
export interface ReporterLinks {
  /** Sends a message, or answers false when there is no connection. */
  readonly send: (message: SentHostMessage) => boolean;
  readonly capacity: () => Capacity;
  /** Stores the output of a result that is too long for a report, and gives the result without it; never rejects. */
  readonly storeOutput: (result: RunResult) => Promise<RunResult>;
}

/**
 * Tells the server what became of runs. At most two reports are on their way; what happens meanwhile joins the next one. A
 * report is kept until its ack, and sent again after a reconnect.
 */
export class Reporter {
  readonly #links: ReporterLinks;
  #reportCount = 0;
  #inFlight: Report[] = [];
  #results: RunResult[] = [];
  /** Results whose output is being stored. */
  readonly #storing = new Set<RunResult>();
  #started: HeldRun[] = [];
  #returned: Held[] = [];
  #orphaned: Held[] = [];
  readonly #repeated = new Map<RunResult, HeldRun>();
  #isFlushDue = false;
  #isForced = false;
  /** What the server should believe by now: the capacity last told, less the runs it has pushed since. */
  #toldReady = 0;
  #toldAhead = 0;
  #whenEmpty: (() => void)[] = [];

  constructor(links: ReporterLinks) {
    this.#links = links;
  }

  /** Whether nothing waits to be reported or acknowledged. */
  get isEmpty(): boolean {
    return this.#inFlight.length === 0 && this.#storing.size === 0 && !this.#hasNews();
  }

  /** Tells how an attempt ended. @param repeated - the next one, when it is to begin here */
  result(result: RunResult, repeated: HeldRun | null = null): void {
    if (isLongOutput(result)) return void this.#storeFirst(result);
    this.#results.push(result);
    if (repeated !== null) this.#repeated.set(result, repeated);
    this.wake();
  }

  async #storeFirst(result: RunResult): Promise<void> {
    this.#storing.add(result);
    this.#results.push(await this.#links.storeOutput(result));
    this.#storing.delete(result);
    this.wake();
  }

  started(run: HeldRun): void {
    this.#started.push(run);
    this.wake();
  }

  returned(claim: Held): void {
    this.#returned.push({ runId: claim.runId, fence: claim.fence });
    this.wake();
  }

  /** Tells of a run that lost its process while it waited. */
  orphaned(claim: Held): void {
    this.#orphaned.push({ runId: claim.runId, fence: claim.fence });
    this.wake();
  }

  /** Notes that the server has used part of the capacity that it was told. */
  pushed(direct: number, ahead: number): void {
    const inAdvance = Math.max(0, direct - this.#toldReady);
    this.#toldReady -= direct - inAdvance;
    this.#toldAhead -= ahead + inAdvance;
  }

  /** Looks, at the end of this turn of the event loop, whether there is something to tell. */
  wake(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  /** Tells the capacity even if it has not grown. */
  tellCapacity(): void {
    this.#isForced = true;
    this.wake();
  }

  /** Whether the server may believe in more capacity than there is. */
  isOvertold(capacity: Capacity): boolean {
    return this.#toldReady > capacity.ready || (this.#toldAhead > 0 && capacity.ahead === 0);
  }

  /** Takes an ack. @returns what goes on now, without the claims that are lost */
  acked(report: number, lost: readonly Held[]): Acked {
    const index = this.#inFlight.findIndex((sent) => sent.report === report);
    const [acked] = index === -1 ? [] : this.#inFlight.splice(index, 1);
    this.wake();
    if (this.isEmpty) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    if (acked === undefined) return { started: [], repeated: [] };
    if (lost.length === 0) return acked;
    const isKept = ({ run }: HeldRun) => !lost.some((l) => l.runId === run.runId && l.fence === run.fence);
    return { started: acked.started.filter(isKept), repeated: acked.repeated.filter(isKept) };
  }

  /** Sends again what has no ack, in the order in which it was sent. */
  resend(): void {
    this.#toldReady = this.#toldAhead = 0;
    for (const report of this.#inFlight) this.#send(report);
    this.#isForced = true;
    this.#flush();
  }

  /** Claims that the server has to leave with this host until their report is acknowledged. */
  *claims(): Generator<Held> {
    yield* this.#storing;
    for (const { results, started, returned, orphaned } of [...this.#inFlight, this.#pending()]) {
      yield* results;
      for (const { run } of started) yield run;
      yield* returned;
      yield* orphaned;
    }
  }

  /** Resolves when everything is acknowledged. */
  whenEmpty(): Promise<void> {
    return this.isEmpty ? Promise.resolve() : new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #pending(): Omit<Report, "report" | "repeated"> {
    return { results: this.#results, started: this.#started, returned: this.#returned, orphaned: this.#orphaned };
  }

  #hasNews(): boolean {
    const { results, started, returned, orphaned } = this.#pending();
    return results.length > 0 || started.length > 0 || returned.length > 0 || orphaned.length > 0;
  }

  #flush(): void {
    if (this.#hasNews()) {
      if (this.#inFlight.length >= maxInFlight) return;
      const results = this.#takeResults();
      const report: Report = {
        report: ++this.#reportCount,
        results,
        started: this.#started.splice(0),
        returned: this.#returned.splice(0),
        orphaned: this.#orphaned.splice(0),
        repeated: this.#takeRepeated(results),
      };
      this.#inFlight.push(report);
      this.#send(report);
      return;
    }
    const capacity = this.#links.capacity();
    const hasGrown = capacity.ready > this.#toldReady || capacity.ahead > this.#toldAhead;
    if (!hasGrown && !this.#isForced) return;
    if (this.#links.send({ type: "capacity", capacity })) this.#told(capacity);
  }

  #takeResults(): RunResult[] {
    let length = 0;
    let count = 0;
    while (count < this.#results.length && length < maxReportLength) {
      const result = this.#results[count++];
      if (result?.kind === "completed") length += result.output?.length ?? 0;
    }
    return this.#results.splice(0, count);
  }

  #takeRepeated(results: readonly RunResult[]): HeldRun[] {
    if (this.#repeated.size === 0) return [];
    return results.flatMap((result) => {
      const next = this.#repeated.get(result);
      this.#repeated.delete(result);
      return next ?? [];
    });
  }

  #send({ report, results, started, returned, orphaned }: Report): void {
    const capacity = this.#links.capacity();
    const isSent = this.#links.send({
      type: "report",
      report,
      results: [...results],
      started: started.map(({ run }) => ({ runId: run.runId, fence: run.fence })),
      returned: [...returned],
      orphaned: [...orphaned],
      capacity,
    });
    if (isSent) this.#told(capacity);
  }

  #told(capacity: Capacity): void {
    this.#isForced = false;
    this.#toldReady = capacity.ready;
    this.#toldAhead = capacity.ahead;
  }
}
