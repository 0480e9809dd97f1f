import { Command } from "commander";
import { createApiClient } from "../api/client.ts";
import { credentialsHere } from "../api/credentials.ts";
import { renderDoctorReport } from "../terminal/doctor-report.ts";
import { createOutput } from "../terminal/output.ts";

/**
 * `pawl doctor`: whether everything that must always hold does.
 *
 * @returns the command
 */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Check on a live system that every invariant holds; exit 1 when one does not.")
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl doctor")
    .action(doctor);
}

async function doctor(flags: { readonly json?: boolean }): Promise<void> {
  const output = createOutput(flags);
  const api = createApiClient(await credentialsHere());
  const report = await api.doctor();
  output.lines(renderDoctorReport(report));
  output.json(report);
  if (report.invariants.some(({ holds, skipped }) => !holds && skipped === undefined)) process.exitCode = 1;
}
