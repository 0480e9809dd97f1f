import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { packPackages } from "../../scripts/pack.ts";
import type { RunningCommand } from "../stage/command.ts";
import { openOriginalProject } from "../stage/original-project.ts";
import { untilReady } from "../stage/platform.ts";
import { openStage, rootDir, untilGone } from "../stage/stage.ts";
import { findOldNode } from "./old-node.ts";
import { readWalkthrough } from "./readme.ts";
import { typeProblems } from "./type-problems.ts";

/** What an app does, for every way to load the SDK. */
const appBody = `
  const handle = await tasks.trigger("greeting.hello.say", { name: "Grace" });
  for await (const live of runs.subscribeToRun(handle.id)) if (live.isCompleted) console.log(live.output.text);
  console.log((await runs.retrieve(handle.id)).status);
`;
const apps = {
  "app/main.mjs": `import { runs, tasks } from "@pawl/sdk";${appBody}`,
  "app/main.cjs": `const { runs, tasks } = require("@pawl/sdk");void (async () => {${appBody}})();`,
};

/** Goes in a fresh process, as each start of an app does. */
const longestImportMs = 40;
const importTime = `const start = performance.now(); await import("@pawl/sdk"); console.log(performance.now() - start);`;

test("the packed packages run the first task of the README", async (t) => {
  const tarballs = await packPackages(join(rootDir, "node_modules", ".cache", "pawl-packed"));
  const { files, commands } = readWalkthrough(await readFile(join(rootDir, "README.md"), "utf8"), "Your first task");
  const stage = await openStage(t);
  await mkdir(stage.path("app"));
  // As a newcomer's shell, with this Node in front.
  const env = stage.env({ PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) });
  const cwd = stage.path("app");
  const shell = (command: string): RunningCommand => stage.start({ file: "sh", args: ["-c", command], cwd, env });
  const succeed = async (command: string): Promise<RunningCommand> => {
    const ended = await shell(command).finished();
    assert.equal(ended.ending?.code, 0, ended.report());
    return ended;
  };
  const only = (pattern: RegExp): string => {
    const found = commands.filter((command) => pattern.test(command));
    assert.equal(found.length, 1, `one command of the README matches ${pattern}: ${found}`);
    return found[0] ?? "";
  };

  await t.test("install", async () => {
    await succeed(only(/^npm init/));
    const installed = commands.filter((command) => /^npm install/.test(command)).join(" ");
    const named = installed.match(/@pawl\/[a-z-]+/g) ?? [];
    assert.deepEqual(named.toSorted(), ["@pawl/cli", "@pawl/sdk"]);
    // From here instead of the registry, where all of them come from once they are published.
    const paths = Object.values(tarballs).join(" ");
    await succeed(`npm install --prefer-offline --no-audit --no-fund ${paths}`);
  });

  await t.test("npx pawl dev, and runs from apps (ESM, CommonJS, Bun) and from the terminal", async () => {
    await stage.write(Object.fromEntries(Object.entries(files).map(([name, text]) => [join("app", name), text])));
    await stage.write(apps);
    const dev = shell(`${only(/^npx pawl dev$/)} --port 0 --json`);
    await untilReady(dev);
    const app = await succeed("node app.ts");
    assert.equal(app.stdout.trim(), "COMPLETED Hello, Ada!");
    const triggered = await succeed(only(/^npx pawl trigger/));
    assert.match(triggered.stdout, /Saying hello/);
    assert.match(triggered.stdout, /COMPLETED/);
    assert.match(triggered.stdout, /Hello, Ada!/);
    for (const program of ["node", join(rootDir, "node_modules/.bin/bun")]) {
      for (const file of ["main.mjs", "main.cjs"]) {
        const ended = await succeed(`${program} ${file}`);
        assert.equal(ended.stdout.trim(), "Hello, Grace!\nCOMPLETED", `${program} ${file}`);
      }
    }
    dev.signalGroup("SIGINT");
    await dev.ended;
    await untilGone(stage.folder);
    assert.deepEqual(dev.lines.filter(({ type }) => type === "stopped").length, 1, dev.report());
  });

  await t.test(`the SDK is imported in ${longestImportMs} ms`, async (t) => {
    const timesMs: number[] = [];
    for (let round = 0; round < 8; round++) {
      timesMs.push(Number((await succeed(`node --input-type=module -e '${importTime}'`)).stdout));
    }
    t.diagnostic(`${timesMs.map(Math.round).join(", ")} ms`);
    assert.ok(Math.min(...timesMs) <= longestImportMs, `${timesMs}`);
  });

  await t.test("the types of each package are found, and say what its code is", async () => {
    for (const [name, tarball] of Object.entries(tarballs)) {
      assert.deepEqual(await typeProblems(tarball, name === "@pawl/sdk"), [], name);
    }
  });

  await t.test("a project written for the original compiles and runs with them, under its names", async () => {
    const own = (name: string) => join(cwd, "node_modules", name);
    const packages = {
      "@trigger.dev/sdk": own("@pawl/sdk"),
      "@trigger.dev/build": own("@pawl/build"),
      "@trigger.dev/python": own("@pawl/python"),
      "@types/node": join(rootDir, "node_modules/@types/node"),
      esbuild: own("esbuild"),
      zod: own("zod"),
    };
    const project = await openOriginalProject(stage, packages, { customConditions: [] });
    const inProject = (args: readonly string[]) =>
      stage.start({ file: process.execPath, args, cwd: project, env: stage.env() });
    const compiled = await inProject([join(rootDir, "node_modules/typescript/bin/tsc"), "-p", project]).finished();
    assert.equal(compiled.ending?.code, 0, compiled.report());
    const dev = inProject([own(".bin/trigger.dev"), "dev", "--port", "0", "--json"]);
    await untilReady(dev);
    const app = await inProject(["app/results.ts"]).finished();
    assert.equal(app.ending?.code, 0, app.report());
    assert.equal(app.lines[0]?.release, "of the test", "what the plugin of its configuration put in");
    dev.signal("SIGINT");
    await dev.ended;
  });

  await t.test("a Node that is too old is told what to install", async (t) => {
    const oldNode = await findOldNode();
    if (oldNode === null && process.env.PAWL_TEST_TOOLS === "required") throw new Error("There is no old Node here.");
    if (oldNode === null) return t.skip("needs a Node older than 22");
    for (const bin of ["pawl", "trigger.dev"]) {
      const path = join(cwd, "node_modules", ".bin", bin);
      const old = await stage.start({ file: oldNode, args: [path, "dev"], cwd, env: stage.env() }).finished();
      assert.deepEqual(old.ending, { code: 1, signal: null });
      assert.equal(old.stdout, "");
      assert.match(
        old.stderr,
        /^pawl needs Node\.js 22 or newer, and this is \d+\.\d+\.\d+: install a newer one .*\n$/,
      );
    }
  });
});
