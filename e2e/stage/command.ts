import { type ChildProcess, spawn } from "node:child_process";
import { signal } from "./processes.ts";

/** What to run, and where. */
export interface CommandSettings {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether something will be typed into it; without, its input is empty. */
  readonly hasInput?: boolean;
}

/** How a command ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A line of a command's JSON output. */
export type JsonLine = Readonly<Record<string, unknown>>;

const defaultTimeoutMs = 30_000;

/** A command that runs in a process group of its own, as a terminal would run it, and what it has written so far. */
export class RunningCommand {
  readonly name: string;
  readonly pid: number;
  stdout = "";
  stderr = "";
  ending: Ending | null = null;
  /** Resolves when it has ended and all its output is read. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #listeners = new Set<() => void>();

  constructor({ file, args, cwd, env, hasInput = false }: CommandSettings) {
    this.name = [file, ...args].join(" ");
    this.#child = spawn(file, args, {
      cwd,
      env,
      detached: true,
      stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
    });
    if (this.#child.pid === undefined) throw new Error(`${file} can't be started.`);
    this.pid = this.#child.pid;
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#tell();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#tell();
    });
    this.ended = new Promise((resolve) => {
      this.#child.on("close", (code, signalName) => {
        this.ending = { code, signal: signalName };
        resolve(this.ending);
        this.#tell();
      });
    });
  }

  /** Its complete lines of JSON; other lines are left out. */
  get lines(): readonly JsonLine[] {
    return this.stdout
      .split("\n")
      .slice(0, -1)
      .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as JsonLine] : [])); // any object can be read by name
  }

  /** Types something into it. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Signals the command alone. */
  signal(name: NodeJS.Signals): void {
    signal(this.pid, name);
  }

  /** Signals its whole process group: Ctrl-C in a terminal is SIGINT to the group. */
  signalGroup(name: NodeJS.Signals): void {
    signal(-this.pid, name);
  }

  /** Waits until it has ended. */
  async finished(): Promise<this> {
    await this.ended;
    return this;
  }

  /**
   * Waits until it has written something.
   *
   * @param what - what is waited for, for the message
   * @param find - looks at the command each time it has written; answers with what was found
   * @param options - `timeoutMs`: how long to wait; default: 30,000
   * @throws Error with the output when it ends without, or takes longer
   */
  untilWritten<T>(
    what: string,
    find: (command: this) => T,
    { timeoutMs = defaultTimeoutMs }: { readonly timeoutMs?: number } = {},
  ): Promise<NonNullable<T>> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        end();
      };
      const look = () => {
        const found = find(this);
        if (found) settle(() => resolve(found));
        else if (this.ending !== null) settle(() => reject(new Error(`It ended without ${what}.\n${this.report()}`)));
      };
      const timer = setTimeout(() => {
        settle(() => reject(new Error(`It wrote no ${what} within ${timeoutMs} ms.\n${this.report()}`)));
      }, timeoutMs);
      this.#listeners.add(look);
      look();
    });
  }

  /** Waits for a line of JSON of a type, which may be there already. */
  untilLine(type: string, isWanted: (line: JsonLine) => boolean = () => true): Promise<JsonLine> {
    return this.untilWritten(`line of type ${type}`, ({ lines }) =>
      lines.find((line) => line.type === type && isWanted(line)),
    );
  }

  /** What it was and the end of what it wrote, for messages. */
  report(): string {
    const end = this.ending === null ? "runs" : `ended with ${this.ending.signal ?? this.ending.code}`;
    return `$ ${this.name} (${end})\n${this.stdout.slice(-1_500)}${this.stderr.slice(-1_500)}`;
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
