import type { Ending, RunningCommand } from "../stage/command.ts";
import type { Stage } from "../stage/stage.ts";

/** A command that is started again whenever it has ended, for as long as the stage is open. */
export class Supervised {
  current: RunningCommand;
  /** Ends that no SIGKILL explains, of the command or of the process that it was just preparing, with what it said. */
  readonly unexplained: string[] = [];
  readonly #stage: Stage;
  readonly #start: () => RunningCommand;
  #isWanted = true;

  constructor(stage: Stage, first: RunningCommand, start: () => RunningCommand) {
    this.current = first;
    this.#stage = stage;
    this.#start = start;
    void this.#keepRunning();
  }

  /** Asks it to end, for good. */
  async stop(): Promise<Ending> {
    this.#isWanted = false;
    this.current.signal("SIGTERM");
    return this.current.ended;
  }

  async #keepRunning(): Promise<void> {
    for (;;) {
      const { signal } = await this.current.ended;
      if (!this.#isWanted || this.#stage.isClosed()) return;
      const isExplained = signal === "SIGKILL" || /process ended before it was prepared/.test(this.current.stdout);
      if (!isExplained) this.unexplained.push(this.current.report());
      this.current = this.#start();
    }
  }
}
