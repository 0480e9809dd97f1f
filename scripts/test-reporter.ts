import { relative } from "node:path";
import type { EventData } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

const closingLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

/** How much of each failure's reason is repeated at the end. */
const closingReasonLength = 1_000;

/**
 * A reporter for `node --test`: a line for each file, every failure in full, the names of skipped tests, the failed ones
 * with the beginning of their reasons, and the runner's own closing lines.
 *
 * @param events - what the runner reports
 * @returns text to print
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: string[] = [];
  const failed: string[] = [];
  for await (const event of events) {
    if (event.type === "test:pass" && event.data.skip !== undefined) skipped.push(nameOf(event.data));
    if (event.type === "test:stderr") yield event.data.message;
    if (event.type === "test:summary" && event.data.file !== undefined) yield fileLine(event.data.file, event.data);
    if (event.type === "test:fail" && isOwnFailure(event.data)) {
      const reason = describe(event.data.details.error);
      failed.push(`${nameOf(event.data)}\n${indent(indent(reason.slice(0, closingReasonLength)))}`);
      yield `✖ ${nameOf(event.data)}\n${indent(reason)}\n`;
    }
    if (event.type === "test:diagnostic" && event.data.nesting === 0 && closingLine.test(event.data.message)) {
      if (event.data.message.startsWith("tests ")) yield list("skipped", skipped) + list("failed", failed);
      yield `ℹ ${event.data.message}\n`;
    }
  }
}

function fileLine(file: string, { success, counts, duration_ms: durationMs }: EventData.TestSummary): string {
  const skips = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  const ran = `${counts.passed} of ${counts.tests - counts.skipped} passed${skips}`;
  return `${success ? "✔" : "✖"} ${shorten(file)}  ${ran}  ${Math.round(durationMs)} ms\n`;
}

/** A suite fails when a test in it does; the test has told of it by then. */
function isOwnFailure(data: EventData.TestFail): boolean {
  return !("failureType" in data.details.error && data.details.error.failureType === "subtestsFailed");
}

function describe(error: EventData.Error): string {
  const cause: unknown = error.cause ?? error;
  const text = typeof cause === "string" ? cause : inspect(cause, { colors: process.stdout.isTTY });
  return text.replaceAll(/^\s+at .*\(?node:internal\/.*\n/gm, "");
}

function nameOf({ name, file }: { readonly name: string; readonly file?: string }): string {
  return file === undefined || name === file ? shorten(name) : `${shorten(file)}: ${name}`;
}

function list(title: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `\n${title}:\n${names.map((name) => `  ${name}\n`).join("")}`;
}

function shorten(path: string): string {
  return path.startsWith("/") ? relative(process.cwd(), path) : path;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
