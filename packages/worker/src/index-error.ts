import type { ImportFailure } from "./channel/messages.ts";

/** A bundle that can't be used: importing it threw, or two tasks have one id. The message names the files. */
export class IndexError extends Error {
  /** The task file that is at fault, where it is known. */
  readonly filePath: string | null;

  constructor({ filePath, message, stack }: ImportFailure) {
    super(filePath === null || message.includes(filePath) ? message : `${filePath} could not be imported. ${message}`);
    this.name = "IndexError";
    this.filePath = filePath;
    if (stack !== "") this.stack = `${this.name}: ${this.message}\n${stack}`;
  }
}
