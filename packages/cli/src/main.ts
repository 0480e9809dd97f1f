import { createProgram } from "./program.ts";
import { writeError } from "./terminal/output.ts";

/**
 * Runs the command line: reads the arguments, does what they say, and sets the exit code.
 *
 * @param argv - as Node gives them: program, script, arguments
 */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has gone, as in "pawl runs | head", ends the command as Ctrl-C does.
  let isGone = false;
  process.stdout.on("error", () => {
    if (isGone) return;
    isGone = true;
    if (!process.emit("SIGINT")) process.exit(0);
  });
  try {
    await createProgram().parseAsync(argv);
  } catch (error) {
    writeError(error, argv.includes("--json"));
    process.exitCode = 1;
  }
}
