import assert from "node:assert/strict";
import { test } from "node:test";
import { openCommands } from "./command-stage.ts";

test("pawl schedules", async (t) => {
  const { succeed, fail } = await openCommands(t);

  await t.test("lists what the code declares, by the task", async () => {
    const list = await succeed("schedules");
    assert.match(list.stdout, /^SCHEDULE +TASK +RUNS +ZONE +NEXT +KIND +ID\n/);
    assert.match(
      list.stdout,
      /^tidy +tidy +At 09:00 AM +Europe\/Berlin +(in .*\d{4}-\d\d-\d\d|not active).* in code +sched_/m,
    );
    const [schedule] = (await succeed("schedules", "list", "--json")).lines;
    assert.deepEqual([schedule?.task, schedule?.type], ["tidy", "DECLARATIVE"]);
  });

  await t.test("makes one, which a second call with the same key changes", async () => {
    const made = await succeed(
      ...["schedules", "create", "report", "0 9 * * 1-5", "--key", "report-acme", "--timezone", "America/New_York"],
      ...["--external-id", "acme", "--window", "30m", "--catch-up", "last", "--overlap", "skip"],
    );
    assert.match(
      made.stdout,
      /^✔ report-acme {2}sched_\w+\n {2}report: At 09:00 AM, Monday through Friday, America\/New_York\n {2}next in /,
    );
    const again = ["schedules", "create", "report", "@daily", "--key", "report-acme", "--json"];
    const [first] = (await succeed(...again)).lines;
    assert.equal(made.stdout.includes(String(first?.id)), true, "it is the same schedule");
    assert.deepEqual([first?.timezone, first?.externalId, first?.overlap], ["UTC", null, "allow"]);
  });

  await t.test("changes what is said and leaves the rest", async () => {
    const update = ["schedules", "update", "report-acme", "--json"];
    const [first] = (await succeed(...update, "--timezone", "Asia/Kolkata", "--external-id", "acme", "--window", "25%"))
      .lines;
    assert.deepEqual([first?.timezone, first?.externalId, first?.window], ["Asia/Kolkata", "acme", "25%"]);
    const [second] = (await succeed(...update, "--cron", "30 8 * * *", "--no-window", "--no-external-id")).lines;
    assert.deepEqual([second?.timezone, second?.externalId, second?.window], ["Asia/Kolkata", null, undefined]);
    const shown = await succeed("schedules", "show", "report-acme");
    assert.match(
      shown.stdout,
      /^report-acme {2}by call {2}sched_.*cron +30 8 \* \* \*\n.*Its runs: pawl runs --schedule sched_/s,
    );
  });

  await t.test("stops and starts one, also one in code", async () => {
    for (const name of ["report-acme", "tidy"]) {
      assert.match((await succeed("schedules", "deactivate", name)).stdout, /\n {2}not active\n$/);
      const [active] = (await succeed("schedules", "activate", name, "--json")).lines;
      assert.equal(active?.active, true);
    }
  });

  await t.test("asks before it deletes, and leaves what is in code to the code", async () => {
    const unasked = await fail("schedules", "delete", "report-acme");
    assert.match(unasked.stderr, /This deletes the schedule report-acme of report\..* add --yes to go on\.\n$/);
    assert.match((await fail("schedules", "delete", "tidy", "--yes")).stderr, /declared in the code of the task tidy/);
    assert.match((await succeed("schedules", "delete", "report-acme", "--yes")).stdout, /report-acme is deleted/);
    assert.match((await fail("schedules", "show", "report-acme")).stderr, /There is no schedule report-acme/);
  });

  await t.test("says what is wrong with a rule", async () => {
    const create = (...args: readonly string[]) => fail("schedules", "create", ...args, "--key", "k");
    assert.match((await create("reprot", "@daily")).stderr, /has no task reprot: did you mean report\?/);
    assert.match((await create("hello", "@daily")).stderr, /hello/);
    assert.match((await create("report", "0 25 * * *")).stderr, /25|hour/);
    assert.match((await create("report", "@daily", "--timezone", "Europe/Berlim")).stderr, /Europe\/Berlim/);
    assert.match((await fail("schedules", "show", "tidi")).stderr, /did you mean tidy\?/);
    assert.match((await fail("schedules", "show", "sched_x", "--json")).stdout, /^\{"error":".*sched_x/);
  });
});
