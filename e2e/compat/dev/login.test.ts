import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { test } from "node:test";
import type { RunningCommand } from "../../stage/command.ts";
import { type StagedServer, startServer } from "../../stage/platform.ts";
import { openStage, type Stage } from "../../stage/stage.ts";
import { copyOriginalProject, startOriginalCli } from "./original-cli.ts";

/** Does what a person does in a browser: opens the address that the command prints, and enters what the server has printed. */
async function approve(login: RunningCommand, server: StagedServer): Promise<string> {
  const url = await login.untilWritten("address", ({ stdout }) => /http:\/\/\S+\/login\/\w+/.exec(stdout)?.[0]);
  assert.match(await (await fetch(url)).text(), /<form method="post">/);
  const confirmation = await server.command.untilWritten("code", ({ stderr }) => {
    const line = stderr.split("\n").find((text) => text.includes(`as login ${url.split("/").at(-1)?.slice(0, 6)}.`));
    return /enter the code (\S+) on the page/.exec(line ?? "")?.[1];
  });
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams({ confirmation }) });
  return answer.text();
}

async function whoAmI(stage: Stage, projectDir: string): Promise<string> {
  const command = await startOriginalCli(stage, ["whoami"], { cwd: projectDir }).finished();
  return command.stdout;
}

test("login and whoami of the original, with a code that a person brings to the terminal", async (t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  const projectDir = await copyOriginalProject(stage);
  const args = ["login", "--api-url", server.apiUrl, "--no-browser"];
  const login = await startOriginalCli(stage, args, { cwd: projectDir }).finished();
  assert.equal(login.ending?.code, 0, login.report());
  const page = await approve(login, server);
  const [, code = ""] = /<output>(\S+)<\/output>/.exec(page) ?? [];
  const wrong = await startOriginalCli(stage, ["login", "--code", "WRNG-WRNG-WRNG"], { cwd: projectDir }).finished();
  assert.match(wrong.stdout, /That code didn't work.*4 tries are left/s, wrong.report());
  const finish = await startOriginalCli(stage, ["login", "--code", code], { cwd: projectDir }).finished();
  assert.match(finish.stdout, /Logged in successfully/, finish.report());
  const account = await whoAmI(stage, projectDir);
  assert.match(account, /owner@pawl\.localhost/);
  assert.ok(account.includes(server.apiUrl), account);
  assert.match(account, /Name: default/);
});

test("login of the original, with a browser on the same machine", async (t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  const projectDir = await copyOriginalProject(stage);
  // What tells the command that there is a browser, and what it opens it by.
  await stage.write({ "bin/xdg-open": "#!/bin/sh\n" });
  await chmod(stage.path("bin", "xdg-open"), 0o755);
  const login = startOriginalCli(stage, ["login", "--api-url", server.apiUrl], {
    cwd: projectDir,
    env: { PATH: `${stage.path("bin")}:${process.env.PATH}`, BROWSER: "true" },
  });
  const page = await approve(login, server);
  assert.match(page, /login approved/);
  await login.finished();
  assert.match(login.stdout, /Logged in successfully/, login.report());
  assert.match(await whoAmI(stage, projectDir), /owner@pawl\.localhost/);
});
