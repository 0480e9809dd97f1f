import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../stage/platform.ts";
import { openStage } from "../stage/stage.ts";
import { configFile, tasksFile } from "./dev-project.ts";

test("pawl token makes a token, lists it and takes it away", async (t) => {
  const stage = await openStage(t);
  const { apiUrl, secretKey } = await startServer(stage);
  const env = { TRIGGER_API_URL: apiUrl, TRIGGER_SECRET_KEY: secretKey };
  const pawl = (...args: readonly string[]) => stage.pawl(["token", ...args], { env }).finished();
  const whoAmI = async (token: string) =>
    (await fetch(`${apiUrl}/api/v2/whoami`, { headers: { authorization: `Bearer ${token}` } })).status;

  const shown = (await pawl("create", "ci")).stdout;
  const [, token = ""] = /^ {2}TRIGGER_ACCESS_TOKEN=(tr_pat_\w+)$/m.exec(shown) ?? [];
  assert.ok(shown.includes(`TRIGGER_API_URL=${apiUrl}`));
  assert.equal(await whoAmI(token), 200);
  const quiet = (await pawl("create", "--quiet")).stdout;
  assert.match(quiet, /^tr_pat_\w{40}\n$/);
  const listed = (await pawl("list", "--json")).lines;
  assert.deepEqual(
    listed.map(({ name }) => name),
    ["token", "ci"],
  );
  assert.match((await pawl()).stdout, /^TOKEN +NAME .*\ntr_pat_….* token +this environment /);
  const id = String(listed.find(({ name }) => name === "ci")?.id);
  assert.match((await pawl("revoke", id)).stdout, /is revoked/);
  assert.equal(await whoAmI(token), 401);
  const again = await pawl("revoke", id);
  assert.deepEqual([again.ending?.code, again.stderr.includes(`There is no personal token ${id}`)], [1, true]);
});

test("pawl dev shows the code of a login", async (t) => {
  const stage = await openStage(t);
  const projectDir = await stage.project("app", {
    "trigger.config.ts": configFile,
    "trigger/tasks.ts": tasksFile("first"),
  });
  const dev = stage.pawl(["dev", "--port", "0", "--json"], { cwd: projectDir });
  await dev.untilLine("version_ready");
  const { apiUrl } = JSON.parse(await readFile(join(projectDir, ".pawl", "dev.json"), "utf8")) as { apiUrl: string };
  const response = await fetch(`${apiUrl}/api/v1/authorization-code`, {
    method: "POST",
    body: JSON.stringify({
      codeChallenge: createHash("sha256").update("secret").digest("base64url"),
      codeChallengeMethod: "S256",
    }),
  });
  const { url } = (await response.json()) as { url: string };
  const line = await dev.untilLine("server_says");
  assert.match(String(line.message), /enter the code \w{4}-\w{4} on the page/);
  const name = url.split("/").at(-1)?.slice(0, 6) ?? "";
  assert.ok(String(line.message).includes(`as login ${name}.`));
  const log = await readFile(join(projectDir, ".pawl", "server.log"), "utf8");
  assert.ok(!log.includes(name), "the code is for the terminal alone");
});
