import assert from "node:assert/strict";
import { test } from "node:test";
import { openCommands } from "./command-stage.ts";

test("commands about many runs", async (t) => {
  const { server, succeed, fail } = await openCommands(t);
  const { api } = server;
  const delayed = await Promise.all(
    Array.from({ length: 25 }, (_, index) =>
      api.trigger("hello", { name: "Ada" }, { delay: "1h", tags: [index < 20 ? "many" : "few"] }),
    ),
  );

  await t.test("lists are narrowed by every filter", async () => {
    const count = async (...args: readonly string[]) => (await succeed("runs", ...args, "--json")).lines.length;
    assert.equal(await count("--tag", "many"), 20);
    assert.equal(await count("--tag", "many,few", "--status", "delayed", "--limit", "100"), 25);
    assert.equal(await count("--queue", "task/hello", "--period", "1h", "--limit", "7"), 7);
    assert.equal(await count("--to", "2020-01-01"), 0);
    assert.equal(await count("--version", "20200101.1"), 0);
    const none = await succeed("runs", "--task", "helo", "--queue", "mail");
    assert.equal(
      none.stdout,
      "There are no such runs.\nThere is no task helo now: did you mean hello?\nThere is no queue mail now: did you mean mails?\n",
    );
  });

  await t.test("a dry run shows what would be done, and does nothing", async () => {
    const shown = await succeed("runs", "cancel", "--tag", "many", "--dry-run");
    assert.match(shown.stdout, /^This would cancel 20 runs of dev\. Nothing was done\.\n\nRUN +TASK/);
    assert.equal(shown.stdout.match(/^run_/gm)?.length, 10);
    assert.match(shown.stdout, /\nand 10 older\n$/);
    const [all] = (await succeed("runs", "cancel", "--all", "--dry-run", "--json")).lines;
    assert.deepEqual([all?.count, all?.isExact], [25, true]);
    assert.ok(Array.isArray(all?.sample) && all.sample.length === 10);
    assert.equal((await succeed("bulk", "--json")).lines.length, 0);
  });

  await t.test("nothing is done without a yes", async () => {
    const unasked = await fail("runs", "cancel", "--tag", "many");
    assert.equal(
      unasked.stderr,
      "✖ This cancels 20 runs of dev. There is no terminal to ask on: add --yes to go on, or --dry-run to look at the runs first.\n",
    );
    assert.equal((await api.run(delayed[0] ?? "")).status, "DELAYED");
    assert.match((await fail("runs", "cancel", "--all", "--tag", "many")).stderr, /--all means every run/);
  });

  await t.test("cancels the runs that match, and tells how it went", async () => {
    const cancelled = await succeed("runs", "cancel", "--tag", "many", "--yes", "--name", "spring cleaning");
    assert.match(cancelled.stdout, /^✔ Cancelled 20 runs in .*\n {2}pawl bulk show bulk_\w+\n$/);
    assert.match(cancelled.stderr, /^(?:\d+ of \d+ cancelled.*\n)*$/);
    assert.equal((await api.run(delayed[0] ?? "")).status, "CANCELED");
    assert.equal((await api.run(delayed[24] ?? "")).status, "DELAYED");
    const again = await succeed("runs", "cancel", "--tag", "many", "--yes");
    assert.equal(again.stdout, "No unfinished run matches: there is nothing to cancel.\n");
  });

  await t.test("lists bulk actions, shows one and its runs", async () => {
    const list = await succeed("bulk");
    assert.match(list.stdout, /^BULK ACTION .*\nbulk_\w+ +cancel +COMPLETED .* 20 +20 +– +spring cleaning\n$/);
    const id = String((await succeed("bulk", "list", "--json")).lines[0]?.id);
    assert.match((await succeed("bulk", "show", id)).stdout, /^COMPLETED {2}cancel {2}bulk_.*cancelled +20\n/s);
    assert.equal((await succeed("runs", "--bulk", id, "--json", "--limit", "100")).lines.length, 20);
    assert.match((await fail("bulk", "show", "bulk_x")).stderr, /bulk_x/);
  });

  await t.test("replays the runs that match", async () => {
    const failed = await Promise.all([api.trigger("throws", {}), api.trigger("throws", {})]);
    for (const id of failed) await api.untilFinished(id);
    const [ended] = (await succeed("runs", "replay", "--task", "throws", "--status", "failed", "--yes", "--json"))
      .lines;
    assert.deepEqual(ended?.counts, { total: 2, success: 2, failure: 0 });
    assert.equal((await succeed("runs", "--task", "throws", "--json")).lines.length, 4);
  });

  await t.test("runs that are named are cancelled and replayed one by one", async () => {
    const [first = "", second = ""] = delayed.slice(20);
    const cancelled = await succeed("runs", "cancel", first, second, "--json");
    assert.deepEqual(
      cancelled.lines.map(({ id, status }) => [id, status]),
      [first, second].map((id) => [id, "CANCELED"]),
    );
    assert.equal((await succeed("runs", "replay", first, second)).stdout.match(/▶ run_\w+ replays run_/g)?.length, 2);
  });
});

test("pawl trigger and pawl queues", async (t) => {
  const { server, succeed, fail } = await openCommands(t);

  await t.test("a trigger takes the options that code can give", async () => {
    const [made] = (
      await succeed(
        ...["trigger", "send", "--json", "--delay", "1h", "--tag", "a", "--tag", "b", "--concurrency-key", "acme"],
        ...["--priority", "5", "--ttl", "2h", "--idempotency-key", "order-7"],
      )
    ).lines;
    const run = await server.api.run(String(made?.id));
    assert.deepEqual([run.status, run.tags, run.ttl], ["DELAYED", ["a", "b"], "2h"]);
    assert.equal(run.idempotencyKey, "order-7");
    const found = await succeed("trigger", "send", "--idempotency-key", "order-7");
    assert.match(found.stdout, new RegExp(`^▶ send ${run.id} was there already\n`));
  });

  await t.test("triggers with the same debounce join", async () => {
    const trigger = async () =>
      String((await succeed("trigger", "send", "--debounce", "x:7:1h", "--json")).lines[0]?.id);
    assert.equal(await trigger(), await trigger());
  });

  await t.test("queues show limit and rate, and take others", async () => {
    const shown = await succeed("queues", "--watch");
    assert.match(shown.stdout, /^QUEUE +EXECUTING +QUEUED +RATE\n/);
    assert.match(shown.stdout, /^mails +0 \/ 3 +0 +1000\/1s$/m);
    const rated = await succeed("queues", "rate", "mails", "100/1m", "--burst", "10", "--combined", "5/s");
    assert.match(rated.stdout, /^✔ mails .*rate 100\/1m, 5\/1s in all, instead of rate 1000\/1s\n$/);
    assert.match((await succeed("queues", "rate", "mails", "none")).stdout, /instead of rate 1000\/1s\n$/);
    assert.match((await succeed("queues", "rate", "mails", "--reset")).stdout, /, limit 3, rate 1000\/1s\n$/);
    assert.match((await succeed("queues", "limit", "mails", "7")).stdout, /limit 7, .*instead of limit 3\n$/);
    assert.match((await succeed("queues", "limit", "mails", "--reset")).stdout, /limit 3, rate 1000\/1s\n$/);
    assert.match((await fail("queues", "rate", "mail", "5/s")).stderr, /There is no queue mail: did you mean mails\?/);
  });
});
