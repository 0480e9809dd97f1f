import { type ChannelListener, subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { profilePeriodUs, type Recorded, type Role, type TraceOrder, traceDirVariable } from "./protocol.ts";

// Preloaded into server, host and run processes. Does nothing until the bench sends SIGUSR2; then it reads what to do from the
// file "order": note the moments that the product publishes, take a profile, stop and write what was recorded, or write what memory is used.

const dir = process.env[traceDirVariable] ?? "";
const role = roleOf(process.argv);

const channels = [
  "http.server.request.start",
  "pawl.trigger_read",
  "pawl.statements_sent",
  "pawl.statements_answered",
  "pawl.message_sent",
  "pawl.message_received",
  "pawl.line_sent",
  "pawl.line_received",
];

let noted: [atNs: bigint, channel: string, subject: unknown][] = [];
let profiler: Session | null = null;

/** Keeps the subject as it is: what it says is read when it is written. */
const note: ChannelListener = (subject, channel) =>
  void noted.push([process.hrtime.bigint(), String(channel), subject]);

function roleOf([, script = "", command]: readonly string[]): Role {
  if (/child[\\/]entry\.[jt]s$/.test(script)) return "process";
  return command === "server" ? "server" : "host";
}

function obey(): void {
  const order: TraceOrder = JSON.parse(readFileSync(join(dir, "order"), "utf8")); // written by trace.ts
  if (order.kind === "moments") {
    for (const channel of channels) subscribe(channel, note);
    answer(order, null);
  } else if (order.kind === "profile") {
    profiler = new Session();
    profiler.connect();
    profiler.post("Profiler.enable");
    profiler.post("Profiler.setSamplingInterval", { interval: profilePeriodUs });
    profiler.post("Profiler.start", () => answer(order, null));
  } else if (order.kind === "memory") {
    collectGarbage();
    answer(order, { role, pid: process.pid, moments: [], profile: null, memory: process.memoryUsage() });
  } else if (profiler !== null) {
    profiler.post("Profiler.stop", (_error, { profile }) =>
      answer(order, { role, pid: process.pid, moments: [], profile }),
    );
    profiler.disconnect();
    profiler = null;
  } else {
    for (const channel of channels) unsubscribe(channel, note);
    const moments = noted.map(([atNs, channel, subject]) => ({
      atNs: String(atNs),
      channel,
      ...describe(channel, subject),
    }));
    noted = [];
    answer(order, { role, pid: process.pid, moments, profile: null });
  }
}

/** What finalizers and weak references let go of is collected by the second. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // what the flag adds
  collect();
  collect();
}

function answer({ number }: TraceOrder, recorded: Recorded | null): void {
  const path = join(dir, `${process.pid}.${number}`);
  writeFileSync(`${path}.part`, JSON.stringify(recorded));
  renameSync(`${path}.part`, path);
}

/** What a message says of itself, in the words of the product's protocols. */
interface Subject {
  readonly type?: string;
  readonly kind?: string;
  readonly body?: unknown;
  readonly request?: { readonly url?: string };
}

function describe(channel: string, subject: unknown): { readonly label: string; readonly text: string } {
  const { type, kind, body, request } = subject as Subject; // every channel publishes an object
  if (channel === "http.server.request.start") return { label: request?.url ?? "", text: "" };
  if (channel.startsWith("pawl.statements"))
    return describeStatements(subject as readonly { name: string; text: string }[]);
  if (channel.startsWith("pawl.line")) return { label: kind ?? "", text: JSON.stringify(body) };
  return { label: type ?? "", text: JSON.stringify(subject) };
}

function describeStatements(statements: readonly { name: string; text: string }[]) {
  return { label: statements.map(({ name }) => name).join(","), text: JSON.stringify(statements) };
}

if (dir !== "") {
  process.on("SIGUSR2", obey);
  const path = join(dir, `${process.pid}.pid`);
  writeFileSync(path, role);
  process.on("exit", () => rmSync(path, { force: true })); // the number may soon be another program's
}
