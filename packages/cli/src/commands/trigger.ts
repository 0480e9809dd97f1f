import { Command } from "commander";
import { createApiClient } from "../api/client.ts";
import { credentialsHere } from "../api/credentials.ts";
import { followRun } from "../follow-run.ts";
import { refuseUnknownTask } from "../known-task.ts";
import { readPayload } from "../payload-argument.ts";
import { onceStopped } from "../stop-signals.ts";
import { withLocalTimes } from "../terminal/clock.ts";
import { renderFailedAttempt } from "../terminal/failed-attempt.ts";
import { renderLogLine } from "../terminal/log-line.ts";
import { createOutput } from "../terminal/output.ts";
import { renderEndedRun, renderGoesOn, renderTriggeredRun } from "../terminal/triggered-run.ts";
import { addTriggerOptions, readTriggerOptions, type TriggerOptionFlags } from "./trigger-options.ts";

interface TriggerFlags extends TriggerOptionFlags {
  readonly payload?: string;
  readonly wait?: boolean;
  readonly anyway?: boolean;
  readonly json?: boolean;
}

/**
 * `pawl trigger`: makes a run of a task, and waits for it when asked to.
 *
 * @returns the command
 */
export function triggerCommand(): Command {
  const command = new Command("trigger")
    .description("Trigger a task, and wait for its result with --wait.")
    .argument("<task>", "the task's id")
    .option("-p, --payload <json>", "the payload as JSON; @file reads a file, @- standard input")
    .option("-w, --wait", "show the run's logs until it has finished; exit 0 when it completed, 1 otherwise")
    .option(
      "--anyway",
      "trigger also a task that the current version does not have; the run waits for one that has it",
    );
  return addTriggerOptions(command)
    .option("--json", "print one JSON value, for programs")
    .addHelpText(
      "after",
      '\nExample:\n  $ pawl trigger greeting.hello.say --payload \'{"name":"Ada"}\' --wait\n  $ pawl trigger greeting.hello.say --payload @payload.json --delay 10m --tag customer_7\n  $ pawl trigger search.index --debounce product-7:5s',
    )
    .action(trigger);
}

async function trigger(taskId: string, flags: TriggerFlags): Promise<void> {
  const output = createOutput(flags);
  const payload = await readPayload(flags.payload, process.stdin);
  const api = createApiClient(await credentialsHere());
  if (flags.anyway !== true) refuseUnknownTask(taskId, await api.listTasks(), { hasAnyway: true });
  const { id, isCached } = await api.trigger(taskId, payload, readTriggerOptions(flags));
  output.lines(renderTriggeredRun({ taskId, id, isCached }));
  if (flags.wait !== true) {
    output.json({ id, isCached });
    return;
  }
  void onceStopped().then(() => {
    process.stderr.write(`${renderGoesOn(id).join("\n")}\n`);
    process.exit(130);
  });
  const run = await followRun(api, id, {
    onEvent: (event) => output.lines([renderLogLine({ ...event, at: new Date(event.at) })]),
    onAttemptFailed: (attempt) => output.lines(renderFailedAttempt(attempt)),
    onReason: (reason) => output.lines([withLocalTimes(reason)]),
  });
  output.lines(renderEndedRun(run));
  const { status, output: result, error } = run;
  output.json({
    id,
    status,
    ...(result === undefined ? {} : { output: result }),
    ...(error === undefined ? {} : { error }),
  });
  if (!run.isSuccess) process.exitCode = 1;
}
