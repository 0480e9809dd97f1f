import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isProcessAlive } from "@pawl/contract/process-alive";

const maxFileBytes = 4 * 1024 * 1024;
const tailBytes = 8 * 1024;
let folders = 0;

/** The folder with the output files of a host's processes. It is the host's own and goes away with it. */
export class OutputFolder {
  readonly #path: string;

  /** Makes the folder and removes those that dead hosts left behind. */
  constructor(dataDir: string) {
    const parent = join(dataDir, "processes");
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(parent)) {
      if (!isProcessAlive(Number.parseInt(name, 10))) rmSync(join(parent, name), { recursive: true, force: true });
    }
    this.#path = join(parent, `${process.pid}-${++folders}`);
    rmSync(this.#path, { recursive: true, force: true }); // of an earlier process with the same number
    mkdirSync(this.#path, { mode: 0o700 });
  }

  /** Makes the file that takes stdout and stderr of a process. */
  open(processId: string): OutputFile {
    return new OutputFile(join(this.#path, `${processId}.log`));
  }

  /** Removes the folder. */
  remove(): void {
    rmSync(this.#path, { recursive: true, force: true });
  }
}

/** What one process writes to stdout and stderr: a file and not a pipe, so that no reader can hold it up. */
export class OutputFile {
  readonly #path: string;
  // Appending, so that the process goes on at the start after the file was emptied.
  readonly descriptor: number;

  constructor(path: string) {
    this.#path = path;
    this.descriptor = openSync(path, "a+", 0o600);
  }

  /** Empties the file when it has grown over 4 MB. */
  trim(): void {
    if (fstatSync(this.descriptor).size > maxFileBytes) ftruncateSync(this.descriptor);
  }

  /** Reads the end of the file. */
  tail(): string {
    const { size } = fstatSync(this.descriptor);
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    readSync(this.descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString();
  }

  /** Closes and removes the file. */
  remove(): void {
    closeSync(this.descriptor);
    rmSync(this.#path, { force: true });
  }
}
