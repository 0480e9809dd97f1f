import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openStage, rootDir } from "../stage/stage.ts";
import { configFile } from "./dev-project.ts";

const wrongTasks = `import { task } from "@trigger.dev/sdk";
import fetch from "node-fetch";
import OpenAI from "openai";

export const ask = task({
  id: "question.model.ask",
  onFailure: async ({ error }) => console.log(error),
  run: async ({ text }: { text: string }, { ctx }) => new OpenAI().responses.create({ input: text, user: ctx.run.id }),
});

export const fetchAll = task({
  id: "fetchAll",
  retry: { maxAttempts: 3 },
  maxDuration: 60,
  run: async ({ urls }: { urls: string[] }) => {
    for (const url of urls) ask.trigger({ text: await (await fetch(url)).text() });
  },
});

export const define = (id: string) => task({ id, retry: { maxAttempts: 1 }, maxDuration: 60, run: async () => id });
`;

const rightTask = `import { task } from "@trigger.dev/sdk";

export const hello = task({ id: "greeting.hello.say", retry: { maxAttempts: 2 }, run: async () => "hello" });
`;

const places = [
  "trigger/wrong.ts:2:19 error no-node-fetch",
  "trigger/wrong.ts:5:20 warning max-duration-on-ai",
  "trigger/wrong.ts:5:20 warning retry-configured",
  "trigger/wrong.ts:7:3 hint hooks-after-run",
  "trigger/wrong.ts:12:7 hint id-form",
  "trigger/wrong.ts:16:29 error await-trigger",
  "trigger/wrong.ts:16:29 warning idempotency-key-in-task",
  "trigger/wrong.ts:20:39 error no-task-in-function",
  "trigger/z-again.ts:3:33 error duplicate-id",
];

describe("pawl check", { concurrency: 2 }, () => {
  test("shows each place of a project's code that breaks a rule", async (t) => {
    const stage = await openStage(t);
    const cwd = await stage.project("app", {
      "trigger.config.ts": configFile,
      "trigger/right.ts": rightTask,
      "trigger/wrong.ts": wrongTasks,
      "trigger/z-again.ts": rightTask,
    });
    const found = await stage.pawl(["check"], { cwd }).finished();
    assert.equal(found.ending?.code, 1, found.report());
    assert.equal(found.stderr, "");
    assert.deepEqual(found.stdout.match(/^trigger\S+:\d+:\d+ .*/gm)?.toSorted(), places.toSorted());
    assert.match(found.stdout, /\n {2}ask\.trigger is not awaited\.\n {2}→ Write await before it, or return it\.\n/);
    assert.match(found.stdout, /\n {2}> 16 \| {5}for \(const url of urls\) ask\.trigger\(.*\n {7}\| +\^{10,}\n/);
    assert.match(found.stdout, /\n✖ 4 errors, 3 warnings, 2 hints in 3 files\.\n$/);

    const asJson = await stage.pawl(["check", "--json", "trigger/z-again.ts"], { cwd }).finished();
    assert.equal(asJson.ending?.code, 1, asJson.report());
    const [{ findings, ...counts } = {}] = asJson.lines;
    assert.deepEqual(counts, { files: 1, errors: 1, warnings: 0, hints: 0 });
    assert.match(JSON.stringify(findings), /^\[\{"rule":"duplicate-id","severity":"error",.*in \.\/right\.ts:3/);
  });

  test("ends with 0 for warnings, and with 1 where they count", async (t) => {
    const stage = await openStage(t);
    const warned = 'import { task } from "@trigger.dev/sdk";\nexport const a = task({ id: "a.b.c", run: () => 1 });\n';
    const cwd = await stage.project("app", { "trigger.config.ts": configFile, "trigger/a.ts": warned });
    const lenient = await stage.pawl(["check"], { cwd }).finished();
    assert.equal(lenient.ending?.code, 0, lenient.report());
    assert.match(lenient.stdout, /! 1 warning in 1 file\.\n$/);
    const strict = await stage.pawl(["check", "--strict"], { cwd }).finished();
    assert.equal(strict.ending?.code, 1, strict.report());

    const config = configFile.replace("project:", "retries: { default: { maxAttempts: 2 } }, project:");
    await stage.write({ "app/trigger.config.ts": config });
    const right = await stage.pawl(["check", "--strict"], { cwd }).finished();
    assert.equal(right.ending?.code, 0, right.report());
    assert.equal(right.stdout, "✔ No problems in 1 file.\n");
  });

  test("says what it can't read", async (t) => {
    const stage = await openStage(t);
    const cwd = await stage.project("app", { "trigger.config.ts": configFile, "trigger/right.ts": rightTask });
    const refusals: readonly (readonly [readonly string[], RegExp])[] = [
      [["trigger/none.ts"], /^✖ \S+trigger\/none\.ts can't be read \(there is no such file\): correct its name\.\n$/],
      [["trigger"], /^✖ \S+trigger is a folder: give files, or none to check all of the project\.\n$/],
    ];
    for (const [files, message] of refusals) {
      const refused = await stage.pawl(["check", ...files], { cwd }).finished();
      assert.equal(refused.ending?.code, 1, refused.report());
      assert.match(refused.stderr, message);
    }
    const nowhere = await stage.pawl(["check"], { cwd: await stage.project("empty", {}) }).finished();
    assert.match(nowhere.stderr, /^✖ There is no task folder in /);
  });

  // What the tests execute has plain ids, and triggers without keys on purpose.
  const projects = [
    ...globSync("examples/*/trigger.config.ts", { cwd: rootDir }).map((config) => ({ config, flags: ["--strict"] })),
    ...globSync("e2e/projects/{engine,ledger}/trigger.config.ts", { cwd: rootDir }).map((config) => ({
      config,
      flags: [],
    })),
  ];
  for (const { config, flags } of projects) {
    test(`finds nothing that fails in ${config}`, async (t) => {
      const stage = await openStage(t);
      const checked = await stage.pawl(["check", ...flags], { cwd: join(rootDir, config, "..") }).finished();
      assert.equal(checked.ending?.code, 0, checked.report());
    });
  }
});
