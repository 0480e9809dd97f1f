import { createInterface } from "node:readline";

/**
 * Whether there is somebody to ask: input and error output are a terminal. The question stands on the error output, so that
 * the output may go elsewhere.
 *
 * @returns true when a question would be seen and can be answered
 */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Asks on the terminal for a yes. Whatever else is answered is a no, and so is the end of the input.
 *
 * @param question - without the choice at its end
 * @returns whether the answer is yes; `interrupted` for Ctrl-C
 */
export function confirm(question: string): Promise<"yes" | "no" | "interrupted"> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((answered) => {
    const answer = (is: "yes" | "no" | "interrupted") => {
      answered(is);
      lines.close();
    };
    lines.once("SIGINT", () => {
      process.stderr.write("\n");
      answer("interrupted");
    });
    lines.once("close", () => answered("no"));
    lines.question(`${question} [y/N] `, (text) => answer(/^y(es)?$/i.test(text.trim()) ? "yes" : "no"));
  });
}
