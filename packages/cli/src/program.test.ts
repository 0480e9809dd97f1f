import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "commander";
import { createProgram } from "./program.ts";

function commandsOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

test("every command explains itself, with an example", () => {
  const commands = commandsOf(createProgram()).slice(1);
  assert.deepEqual(
    commands.map((command) => command.name()),
    ["dev", "trigger", "runs", "show", "server", "worker"],
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
