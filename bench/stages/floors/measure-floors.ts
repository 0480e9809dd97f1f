import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { median } from "../../measures/statistics.ts";
import type { System } from "../../system/system.ts";
import type { MeasuredCpu } from "../cpu/measure-cpu.ts";
import { readProcessTimes, treeOf } from "../cpu/process-time.ts";
import type { PlacedMoment } from "../latency/chain.ts";
import type { MeasuredWay } from "../latency/measure-latency.ts";
import { type BareHops, type HopName, openBareHops } from "./bare-hops.ts";
import { type BareRows, openBareRows } from "./bare-rows.ts";
import { type FloorRow, type FloorTable, floorTable, type Span } from "./floor-rows.ts";

/** How much the bare loops do. */
export interface FloorPlan {
  readonly samples: number;
  readonly runs: number;
}

/** How far Pawl is from bare loops. */
export interface MeasuredFloors {
  /** In milliseconds. */
  readonly singleRun: FloorTable;
  readonly roundTrip: FloorTable;
  /** In microseconds of processor time for each run. */
  readonly cpu: FloorTable;
  /** One write of 8 KiB and its sync on the disk of the data, at the pace of the loops at idle: the median in milliseconds. */
  readonly idleSyncMs: number;
}

const pauseMs = 50;
const warmUp = 5;
/** So many runs share a transaction and a message, and so many lines are under way, as Pawl has it under load. */
const runsEach = 50;
const linesAtOnce = 8;
const messagesAtOnce = 2;

const http = "a bare node:http request with the same JSON, until it is read";
const webSocket = "a bare WebSocket message with the same JSON, until it is read";
const line = "a line with the same JSON over a bare TCP socket, until it is read";
const inserting = "a bare insert of a claimed run's two rows, one statement, committed";
const settling = "a bare delete and update of a run's rows, one statement, committed";
const claiming = "a bare claim of one row, one statement, committed";

/**
 * Measures bare loops that do what a stage has to, and nothing else, on the same machine and the same Postgres.
 *
 * @param system - has the Postgres
 * @param measured - what Pawl needs
 * @param plan - how much
 * @returns the comparisons
 */
export async function measureFloors(
  system: System,
  measured: { readonly singleRun: MeasuredWay; readonly roundTrip: MeasuredWay; readonly cpu: MeasuredCpu },
  plan: FloorPlan,
): Promise<MeasuredFloors> {
  await system.withoutWorker();
  const hops = await openBareHops();
  const rows = await openBareRows(await system.database("calibration"));
  const disk = await open(join(system.dataDir, "sync.tmp"), "w");
  try {
    const { singleRun, roundTrip, cpu } = measured;
    const atIdle = await idleLoops({ hops, rows, disk }, roundTrip.moments, plan.samples);
    return {
      idleSyncMs: median(atIdle("sync")),
      singleRun: floorTable(singleRun.names, singleRun.passages, [
        { part: "client → server, read", steps: ["arrived", "read"], loop: http, floorMs: atIdle("http") },
        ...lifeSpans(atIdle),
      ]),
      roundTrip: floorTable(roundTrip.names, roundTrip.passages, [
        { part: "process → host: the call", steps: ["call_read"], loop: line, floorMs: atIdle("call") },
        { part: "host → server: the call", steps: ["calls_read"], loop: webSocket, floorMs: atIdle("calls") },
        ...lifeSpans(atIdle),
        { part: "Postgres: the parent's slot", steps: ["resumed"], loop: claiming, floorMs: atIdle("claim") },
        { part: "server → host: the result", steps: ["resume_read"], loop: webSocket, floorMs: atIdle("resumed") },
        { part: "host → process: the result", steps: ["resume_line_read"], loop: line, floorMs: atIdle("resume") },
      ]),
      cpu: await loadedLoops(system, hops, rows, roundTrip.moments, cpu, plan.runs),
    };
  } finally {
    await Promise.all([hops.close(), rows.close(), disk.close()]);
  }
}

/** What the loops at idle go to. */
interface Bare {
  readonly hops: BareHops;
  readonly rows: BareRows;
  readonly disk: FileHandle;
}

type IdleLoops = Awaited<ReturnType<typeof idleLoops>>;

function lifeSpans(loops: IdleLoops): readonly Span[] {
  return [
    { part: "Postgres: insert and claim", steps: ["inserted"], loop: inserting, floorMs: loops("insert") },
    { part: "server → host: the run", steps: ["push_read"], loop: webSocket, floorMs: loops("runs") },
    { part: "host → process: the run", steps: ["order_read"], loop: line, floorMs: loops("order") },
    { part: "process → host: the result", steps: ["end_read"], loop: line, floorMs: loops("end") },
    { part: "host → server: the report", steps: ["report_read"], loop: webSocket, floorMs: loops("report") },
    { part: "Postgres: settle", steps: ["settled"], loop: settling, floorMs: loops("settle") },
  ];
}

/**
 * Passages like those of a run: what comes right after each other there, does so here, and then nothing for as long as between two
 * runs. Gives the milliseconds that one of the loops took each time.
 */
async function idleLoops({ hops, rows, disk }: Bare, moments: readonly PlacedMoment[], samples: number) {
  const message = (label: string) => subjectOf(moments, "pawl.message_sent", label);
  const ordered = (kind: string) => [1, 1, kind, subjectOf(moments, "pawl.line_sent", kind)];
  const hop = (name: HopName, sent: unknown) => () => hops.oneWayMs(name, sent);
  const page = Buffer.alloc(8_192, 1);
  let inserted = "";
  await rows.queue(samples + warmUp);
  const aRun = {
    http: hop("http", { payload: '{"json":{"n":1}}', options: { payloadType: "application/super+json" } }),
    insert: () =>
      took(async () => {
        inserted = await rows.insertClaimed();
      }),
    runs: hop("websocket", message("runs")),
    order: hop("line", ordered("runs")),
    end: hop("line", ordered("end")),
    report: hop("websocket", message("report")),
    settle: () => took(() => rows.settle([inserted])),
  };
  const aParent = {
    call: hop("line", ordered("call")),
    calls: hop("websocket", message("calls")),
    claim: () => took(() => rows.claim(1)),
    resumed: hop("websocket", message("resumed")),
    resume: hop("line", ordered("resume")),
  };
  const aSync = {
    sync: () =>
      took(async () => {
        await disk.write(page, 0, page.length, 0);
        await disk.datasync();
      }),
  };
  const tookMs = new Map<string, number[]>();
  for (let sample = -warmUp; sample < samples; sample++) {
    for (const passage of [aRun, aParent, aSync]) {
      await delay(pauseMs);
      for (const [name, loop] of Object.entries(passage)) {
        const ms = await loop();
        if (sample >= 0) tookMs.set(name, [...(tookMs.get(name) ?? []), ms]);
      }
    }
  }
  return (name: keyof typeof aRun | keyof typeof aParent | keyof typeof aSync) => tookMs.get(name) ?? [];
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const beganAtMs = performance.now();
  await work();
  return performance.now() - beganAtMs;
}

/** What one of the moments was about. */
function subjectOf(moments: readonly PlacedMoment[], channel: string, label: string): unknown {
  const found = moments.find((moment) => moment.channel === channel && moment.label === label);
  if (found === undefined) throw new Error(`No moment of ${channel} has the label "${label}".`);
  return JSON.parse(found.text);
}

/** The processor time of bare loops under load, process by process, beside that of Pawl. */
async function loadedLoops(
  system: System,
  hops: BareHops,
  rows: BareRows,
  moments: readonly PlacedMoment[],
  cpu: MeasuredCpu,
  runs: number,
): Promise<FloorTable> {
  const { run, result } = oneRun(moments);
  const many = <Entry>(entry: Entry) => Array.from({ length: runsEach }, () => entry);
  const pushed = { message: { runs: many(run) }, reply: { results: many(result) } };
  const overSocket = await hops.cpuOf("websocket", { ...pushed, count: runs / runsEach, atOnce: messagesAtOnce });
  const overLine = await hops.cpuOf("line", { message: { run }, reply: { result }, count: runs, atOnce: linesAtOnce });
  const sql = await rowsUnderLoad(system, rows, runs);
  const usOf = (name: string) => cpu.owners.find((owner) => owner.name === name)?.usPerRun ?? 0;
  const all: readonly FloorRow[] = [
    {
      part: "server",
      pawl: usOf("server"),
      floor: sql.driverUs + overSocket.ownUs / runsEach,
      loop: `claim and settle ${runsEach} at a time through the driver; a WebSocket message of ${runsEach} there, and one back`,
    },
    {
      part: "Postgres",
      pawl: usOf("Postgres"),
      floor: sql.postgresUs,
      loop: `bare claims of ${runsEach} rows, bare deletes and updates of ${runsEach}, each one statement, committed`,
    },
    {
      part: "worker host",
      pawl: usOf("worker host"),
      floor: overSocket.peerUs / runsEach + overLine.ownUs,
      loop: "the other end of those messages; for each run a line there and a line back",
    },
    {
      part: "run processes",
      pawl: usOf("run processes"),
      floor: overLine.peerUs,
      loop: "the other end of those lines",
    },
  ];
  const whole = { pawl: cpu.usPerRun, floor: all.reduce((sum, { floor }) => sum + floor, 0) };
  return { rows: all, whole };
}

/** A run as it is pushed, and its result as it is reported. */
function oneRun(moments: readonly PlacedMoment[]): { readonly run: unknown; readonly result: unknown } {
  const pushed = subjectOf(moments, "pawl.message_sent", "runs") as { readonly runs: readonly unknown[] }; // of the protocol
  const ended = subjectOf(moments, "pawl.line_sent", "end") as { readonly result: unknown };
  return { run: pushed.runs[0], result: ended.result };
}

async function rowsUnderLoad(system: System, rows: BareRows, runs: number) {
  for (let left = await rows.claim(runs); left.length > 0; left = await rows.claim(runs)) await rows.settle(left);
  await rows.queue(runs);
  await system.rows.settle();
  const postgresMs = async () =>
    treeOf(await readProcessTimes(), system.postmasterPid).reduce((sum, { totalMs }) => sum + totalMs, 0);
  const before = { postgresMs: await postgresMs(), cpu: process.cpuUsage() };
  for (let claimed = await rows.claim(runsEach); claimed.length > 0; claimed = await rows.claim(runsEach)) {
    await rows.settle(claimed);
  }
  const { user, system: kernel } = process.cpuUsage(before.cpu);
  return { postgresUs: (((await postgresMs()) - before.postgresMs) * 1_000) / runs, driverUs: (user + kernel) / runs };
}
