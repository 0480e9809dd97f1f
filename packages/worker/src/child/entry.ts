import { flushCompileCache } from "node:module";
import { pathToFileURL } from "node:url";
import { runtime } from "@pawl/sdk/runtime";
import { Link } from "../channel/link.ts";
import { type ChildToHost, type HostToChild, tokenVariable } from "../channel/messages.ts";
import { configOf } from "./bundle-config.ts";
import { describeBundle, unsharedTasks } from "./bundle-description.ts";
import { captureConsole } from "./console-capture.ts";
import { Executor } from "./executor.ts";
import { keepConnected } from "./host-connection.ts";
import { captureOutput } from "./output-capture.ts";
import { endProcess, guardProcessExit } from "./process-exit.ts";
import { TelemetrySender } from "./telemetry.ts";
import { describeThrown } from "./thrown-value.ts";

// The program of a run process: `node entry.ts <port> <processId> <bundle> [index]`.

const [, , port, processId, bundlePath, mode] = process.argv;
if (port === undefined || processId === undefined || bundlePath === undefined) {
  throw new Error("A run process is started by its worker host, not by hand.");
}
const token = process.env[tokenVariable] ?? "";
delete process.env[tokenVariable];
delete process.env.NODE_COMPILE_CACHE; // in use already; programs that user code starts need not know

const link = new Link<ChildToHost, HostToChild>(receive);
const telemetry = new TelemetrySender(link);
const executor = new Executor(link, telemetry);
let isImported = false;

function receive(message: HostToChild): void {
  switch (message.kind) {
    case "runs":
      return executor.execute(message.body);
    case "recall":
      return executor.recall();
    case "abort":
      return executor.abort(message.body.runId, message.body.reason);
    case "cancel":
      return executor.cancel(message.body.runId);
    case "drop":
      return executor.drop(message.body.runId, message.body.reason);
    case "answer":
      return executor.answer(message.body.runId, message.body);
    case "resume":
      return executor.resume(message.body.runId, message.body.waits);
    case "exit":
      return endProcess(0);
  }
}

function escaped(thrown: unknown): void {
  if (isImported) executor.escaped(thrown);
  else tellBroken(thrown);
}

function tellBroken(thrown: unknown): void {
  link.send({ kind: "broken", body: { filePath: runtime().currentFile, ...describeThrown(thrown) } });
}

process.on("uncaughtException", escaped);
process.on("unhandledRejection", escaped);
process.on("exit", () => {
  executor.recordUnendedLines();
  telemetry.flush();
  link.flush();
});
guardProcessExit((code) => executor.refusesExit(code));
captureOutput();
captureConsole();
keepConnected({ port: Number(port), processId, token }, link);

try {
  const bundle: unknown = await import(pathToFileURL(bundlePath).href);
  isImported = true;
  executor.configure(configOf(bundle));
  const facts = { rss: process.memoryUsage.rss(), unshared: unsharedTasks() };
  link.send({
    kind: "prepared",
    body: mode === "index" ? { ...facts, description: describeBundle(bundle) } : facts,
  });
  flushCompileCache?.(); // so that the next process of this version finds it, however this one ends
} catch (thrown) {
  tellBroken(thrown);
}
