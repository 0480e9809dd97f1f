import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { testWithTool } from "@pawl/testkit/needs-tool";
import { openCommands } from "./command-stage.ts";

const ctrlC = "\x03";
const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";

testWithTool("script", "a question is answered with yes, no, and Ctrl-C", async (script, t) => {
  const {
    server: { api },
    onTerminal,
  } = await openCommands(t);
  const id = await api.trigger("hello", { name: "Ada" }, { delay: "1h" });
  const answer = async (text: string) => {
    const command = onTerminal(script, 80, "runs", "cancel", "--task", "hello");
    await command.untilWritten("question", ({ stdout }) => stdout.includes("Go on? [y/N]"));
    command.type(text);
    return command.finished();
  };
  for (const text of ["\r", "n\r", ctrlC, "\x04"]) {
    const no = await answer(text);
    assert.equal(no.ending?.code, 1, no.report());
    assert.match(no.stdout, /This cancels 1 run of dev\. Go on\? \[y\/N\].*Nothing was done\./s);
    assert.equal((await api.run(id)).status, "DELAYED");
  }
  const yes = await answer("y\r");
  assert.equal(yes.ending?.code, 0, yes.report());
  assert.match(yes.stdout, /✔ Cancelled 1 run in /);
  assert.equal((await api.run(id)).status, "CANCELED");
});

testWithTool("script", "queues are drawn again in their place until Ctrl-C", async (script, t) => {
  const { succeed, onTerminal } = await openCommands(t);
  const live = onTerminal(script, 100, "queues", "--watch");
  await live.untilWritten("table", ({ stdout }) => /mails +0 \/ 3/.test(stdout));
  assert.equal(live.stdout.split(hideCursor).length, 2);
  await succeed("queues", "limit", "mails", "7");
  await live.untilWritten("change", ({ stdout }) => /mails +0 \/ 7 .*instead of limit 3/.test(stdout));
  assert.ok(live.stdout.includes("\x1b[6A\r"), "it goes back to the first line");
  assert.ok(!live.stdout.includes(showCursor));
  live.type(ctrlC);
  const { ending, stdout } = await live.finished();
  assert.equal(ending?.code, 0, live.report());
  assert.equal(stdout.split(showCursor).length, 2);
});

testWithTool("script", "on 40 columns no line is wider, and ids are whole", async (script, t) => {
  const {
    server: { api },
    onTerminal,
  } = await openCommands(t);
  const id = await api.trigger("hello", { name: "Ada" }, { delay: "1h" });
  for (const args of [["runs"], ["queues"], ["schedules"], ["runs", "cancel", "--all", "--dry-run"]]) {
    const { stdout, ending } = await onTerminal(script, 40, ...args).finished();
    assert.equal(ending?.code, 0, stdout);
    const records = stripVTControlCharacters(stdout)
      .split(/\r?\n/)
      .filter((line) => !/^(There|This) /.test(line));
    assert.deepEqual(
      records.filter((line) => line.length > 40),
      [],
    );
    if (args[0] === "runs") assert.ok(stdout.includes(id));
  }
});
