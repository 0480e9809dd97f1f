import assert from "node:assert/strict";
import { test } from "node:test";
import { auth, envvars, runs, tasks } from "@trigger.dev/sdk";
import { openForClient } from "./client.ts";
import { personalToken } from "./dev/original-cli.ts";

test("the published client works for people as for environments", async (t) => {
  const { server } = await openForClient(t, { worker: null });
  const accessToken = await personalToken(server);
  const asPerson = <T>(body: () => Promise<T>) => auth.withAuth({ accessToken }, body);
  const made = [await tasks.trigger("echo", 1, { tags: "one" }), await tasks.trigger("echo", 2, { tags: "two" })];

  await t.test("runs of a project, page by page, by environment and by any other filter", async () => {
    const ids = await asPerson(async () => {
      const all: string[] = [];
      for await (const run of runs.list("proj_mine", { env: ["dev"], limit: 1 })) all.push(run.id);
      return all;
    });
    assert.deepEqual(ids, made.map(({ id }) => id).reverse());
    const page = await asPerson(async () => runs.list("proj_mine", { tag: "one" }));
    assert.deepEqual(
      page.data.map(({ id, env }) => [id, env.name]),
      [[made[0]?.id, "dev"]],
    );
  });

  await t.test("variables of an environment", async () => {
    await asPerson(async () => envvars.create("proj_mine", "dev", { name: "A", value: "1" }));
    assert.equal((await asPerson(async () => envvars.retrieve("proj_mine", "dev", "A"))).value, "1");
    assert.deepEqual(
      (await asPerson(async () => envvars.list("proj_mine", "dev"))).map(({ name }) => name),
      ["A"],
    );
    await asPerson(async () => envvars.del("proj_mine", "dev", "A"));
  });

  await t.test("not an environment that the token does not open", async () => {
    await assert.rejects(
      asPerson(async () => envvars.list("proj_mine", "prod")),
      /opens no environment prod/,
    );
  });
});
