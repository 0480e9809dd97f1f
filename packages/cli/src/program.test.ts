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
      ...["queues", "list", "pause", "resume", "limit", "rate"],
      ...["schedules", "list", "show", "create", "update", "activate", "deactivate", "delete"],
      ...["bulk", "list", "show", "abort"],
      ...["token", "create", "list", "revoke"],
      "check",
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

const refused: readonly { readonly args: readonly string[]; readonly advises: RegExp }[] = [
  { args: ["runs", "--status", "asleep"], advises: /There is no status asleep: choose of pending_version, queued/ },
  { args: ["runs", "sho"], advises: /there is no command "pawl runs sho": did you mean "pawl runs show"\?/ },
  { args: ["runs", "run_1"], advises: /did you mean "pawl runs show run_1"\?/ },
  { args: ["queues", "list", "x"], advises: /too many arguments/ },
  { args: ["bulk", "everything"], advises: /choose of list, show, abort/ },
  { args: ["runs", "--limit", "101"], advises: /Give a number from 1 to 100\./ },
  { args: ["runs", "--period", "soon"], advises: /Give a duration such as 30m, 12h or 7d\./ },
  { args: ["runs", "--from", "yesterday"], advises: /Give a date such as 2026-01-02/ },
  { args: ["runs", "cancel", "--task", ","], advises: /Give a name, or several joined by commas\./ },
  {
    args: ["runs", "reschedule", "run_1", "soon"],
    advises: /Give a duration from now, such as 2h or 1d12h, or an ISO/,
  },
  { args: ["queues", "limit", "emails", "few"], advises: /Give a whole number from 0, or reset\./ },
  { args: ["queues", "limit", "emails", "-1"], advises: /Give a whole number from 0, or reset\./ },
  { args: ["queues", "rate", "emails", "fast"], advises: /Give runs and a time, such as 100\/1m or 10\/1s, or none\./ },
  { args: ["queues", "rate", "emails", "0/1m"], advises: /limit: must be a whole number from 1 to 1,000,000/ },
  { args: ["queues", "rate", "emails", "5/2w"], advises: /period: must be a duration .* of a week at most/ },
  { args: ["schedules", "create", "report", "@daily"], advises: /required option '-k, --key <key>'/ },
  { args: ["schedules", "update", "x", "--window", "2d"], advises: /Give whole minutes or hours of at most 24h/ },
  { args: ["schedules", "update", "x", "--overlap", "both"], advises: /Allowed choices are allow, skip, cancel/ },
  { args: ["bulk", "list", "--limit", "0"], advises: /Give a number from 1 to 100\./ },
  { args: ["trigger", "hello", "--delay", "soon"], advises: /Give a duration from now, such as 10m or 1d12h/ },
  { args: ["trigger", "hello", "--ttl", "soon"], advises: /Give a duration such as 10m or 1h30m\./ },
  { args: ["trigger", "hello", "--priority", "high"], advises: /Give a number of seconds from 0 to 2,592,000/ },
  { args: ["trigger", "hello", "--debounce", "key"], advises: /such as product-7:5s/ },
  { args: ["trigger", "hello", "--debounce", "key:10ms"], advises: /such as product-7:5s/ },
  {
    args: ["trigger", "hello", ..."abcdefghijk".split("").flatMap((tag) => ["--tag", tag])],
    advises: /at most 10 tags/,
  },
];

for (const { args, advises } of refused) {
  test(`what can't be meant is refused before anything is sent: pawl ${args.join(" ").slice(0, 60)}`, async () => {
    const { program, stderr } = programWithStderr();
    await assert.rejects(program.parseAsync(args, { from: "user" }));
    assert.match(stderr(), /^✖ /);
    assert.match(stderr(), advises);
  });
}

test("what contradicts itself is refused in a sentence before anything is sent", async () => {
  const sentences: readonly (readonly [string, RegExp])[] = [
    ["runs cancel", /Say which runs: give their ids, or options such as --task and --status, or --all/],
    ["runs cancel run_1 --status queued", /Name runs by their ids, or say with options which ones, not both/],
    ["runs replay --all --payload {}", /--payload and --on-version are for runs that are named/],
    ["queues limit emails", /Give a limit, such as 5, or --reset/],
    ["queues limit emails 5 --reset", /Give a limit, such as 5, or --reset/],
    ["queues rate emails", /Give a rate, such as 100\/1m, or --reset/],
    ["queues rate emails --reset --combined 5/s", /Give a rate, such as 100\/1m, or --reset/],
    ["queues rate emails 5/s --burst 6", /A burst needs a rate of at least as many runs/],
    ["schedules update x", /Say what to change: --cron/],
  ];
  process.env.TRIGGER_SECRET_KEY = "k";
  process.env.TRIGGER_API_URL = "http://127.0.0.1:1";
  for (const [line, message] of sentences) {
    const { program } = programWithStderr();
    await assert.rejects(program.parseAsync(line.split(" "), { from: "user" }), { name: "CommandError", message });
  }
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
