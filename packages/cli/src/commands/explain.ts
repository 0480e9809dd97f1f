import { Command } from "commander";
import { createApiClient } from "../api/client.ts";
import { credentialsHere } from "../api/credentials.ts";
import { renderExplanation } from "../terminal/explanation.ts";
import { createOutput } from "../terminal/output.ts";

/**
 * `pawl explain`: why a run does not execute.
 *
 * @returns the command
 */
export function explainCommand(): Command {
  return new Command("explain")
    .description("Say why a run does not execute: the reason first, then each condition of its start.")
    .argument("<run>", "the run's id, run_…")
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl explain run_06a4…")
    .action(explain);
}

async function explain(id: string, flags: { readonly json?: boolean }): Promise<void> {
  const output = createOutput(flags);
  const api = createApiClient(await credentialsHere());
  const [run, explanation] = await Promise.all([api.retrieveRun(id), api.explainRun(id)]);
  output.lines(renderExplanation(run, explanation));
  output.json({ id, status: run.status, ...explanation });
}
