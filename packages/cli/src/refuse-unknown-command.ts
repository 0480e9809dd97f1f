import type { Command } from "commander";
import { closest } from "./closest.ts";

/**
 * Refuses a word after a command that lists what there is, and has commands below it: it is one of those, misspelt, or an id.
 *
 * @param command - the command that is about to be executed
 */
export function refuseUnknownCommand(command: Command): void {
  const [word] = command.args;
  const names = command.commands.map((child) => child.name());
  if (word === undefined || names.length === 0) return;
  const path = `pawl ${command.name()}`;
  const meant = /^[a-z]+_/.test(word) && names.includes("show") ? `show ${word}` : closest(word, names);
  const advice = meant === null ? `choose of ${names.join(", ")}` : `did you mean "${path} ${meant}"?`;
  command.error(`error: there is no command "${path} ${word}": ${advice}`);
}
