import { constants, openSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Sink } from "./line-writer.ts";

const pausedMs = 20;

/**
 * Opens standard output for writes that never block this process. Node writes to a pipe in its own time; a terminal it would
 * wait for while it is paused, so that one is opened a second time.
 *
 * @returns where to write
 */
export function openStandardOutput(): Sink {
  const terminal = process.stdout.isTTY ? openTerminal() : null;
  return terminal === null ? writeToStream : (text) => writeToTerminal(terminal, Buffer.from(text));
}

function writeToStream(text: string): Promise<void> {
  return new Promise((written, failed) => {
    process.stdout.write(text, (error) => (error ? failed(error) : written()));
  });
}

/** Null where the system has no second way to it; it is then written as any other output. */
function openTerminal(): number | null {
  try {
    return openSync("/dev/fd/1", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return null;
  }
}

async function writeToTerminal(descriptor: number, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    try {
      from += writeSync(descriptor, bytes, from);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      await delay(pausedMs);
    }
  }
}
