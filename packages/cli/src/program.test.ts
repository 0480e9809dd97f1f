import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { Command } from "commander";
import { createProgram } from "./program.ts";

function commandsOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

test("every command explains itself, with an example", () => {
  const commands = commandsOf(createProgram()).slice(1);
  assert.deepEqual(
    commands.map((command) => command.name()),
    [
      "dev",
      "trigger",
      ...["runs", "show", "cancel", "replay", "reschedule"],
      "explain",
      ...["queues", "list", "pause", "resume", "limit"],
      "doctor",
      "server",
      "worker",
    ],
  );
  for (const command of commands) {
    let help = "";
    command.configureOutput({
      writeOut(text) {
        help += text;
      },
    });
    command.outputHelp();
    assert.match(help, /Example:\n {2}\$ /, command.name());
    assert.match(help, /--json/, command.name());
    assert.doesNotMatch(help, /--owned/);
  }
});

test("arguments that can't be read are told like any other error", async () => {
  const { program, stderr } = programWithStderr();
  await assert.rejects(program.parseAsync(["runs", "--status", "asleep"], { from: "user" }));
  assert.match(stderr(), /^✖ .*There is no status asleep: choose of pending_version, queued/);
});

test("what is no limit of a queue is refused before anything is sent", async () => {
  for (const limit of ["few", "-1"]) {
    const { program, stderr } = programWithStderr();
    await assert.rejects(program.parseAsync(["queues", "limit", "emails", limit], { from: "user" }));
    assert.match(stderr(), /^✖ .*Give a whole number from 0, or reset\./);
  }
});

test("what is no time is refused before anything is sent", async () => {
  const { program, stderr } = programWithStderr();
  await assert.rejects(program.parseAsync(["runs", "reschedule", "run_1", "soon"], { from: "user" }));
  assert.match(stderr(), /^✖ .*Give a duration from now, such as 2h or 1d12h, or an ISO date\./);
});

/** A program that throws where it would end the process. */
function programWithStderr() {
  let written = "";
  const program = createProgram();
  for (const command of commandsOf(program)) {
    command.exitOverride().configureOutput({
      writeErr(text) {
        written += text;
      },
    });
  }
  return { program, stderr: () => stripVTControlCharacters(written) };
}
