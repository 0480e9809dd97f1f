import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkFiles } from "./check-files.ts";
import { allRules } from "./rules/all-rules.ts";

const settings = { hasRetryDefault: true, hasMaxDuration: false };

/** What is found in files by their names, as `file:line:column rule`, without hints on ids. */
function placesIn(files: Readonly<Record<string, string>>, given = settings): readonly string[] {
  const found = checkFiles(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    given,
  );
  return found
    .filter(({ rule }) => rule !== "id-form")
    .map(({ file, start, rule }) => `${file}:${start.line}:${start.column} ${rule}`);
}

/** The rules that are broken by code that follows an import of the SDK in one line. */
function rulesOn(code: string, given = settings): readonly string[] {
  const text = `import { batch, idempotencyKeys, schedules, schemaTask, task, tasks, waitUntil } from "@pawl/sdk";\n${code}`;
  return placesIn({ "trigger/a.ts": text }, given).map((place) => place.split(" ")[1] ?? "");
}

/** Code in the run of a task, beside a task `mail`. */
const inRun = (code: string) => `
const mail = task({ id: "mail", run: async () => 1 });
export const parent = task({ id: "parent", retry: { maxAttempts: 1 }, run: async (list: string[]) => { ${code} } });`;

describe("a promise that nobody awaits", () => {
  const dropped = [
    "mail.trigger();",
    "mail.trigger().catch(() => {});",
    "mail.triggerAndWait().unwrap();",
    "void mail.trigger();",
    "(mail as any)!.triggerAndWait();",
    "list.length > 0 && mail.trigger();",
    "list.length > 0 ? mail.trigger() : null;",
    "const handle = mail.trigger();",
    "tasks.trigger('mail', 1);",
    "batch.triggerByTask([{ task: mail }]);",
    "list.forEach((name) => mail.trigger());",
    "list.forEach(async (name) => { await mail.trigger(); });",
    "setTimeout(() => mail.trigger(), 10);",
    "Promise.all(list.map((name) => mail.trigger()));",
    "list.map(async () => { const { id } = await mail.trigger(); return id; });",
    "Promise.all([mail.trigger(), 1]);",
    "(async () => { await mail.trigger(); })();",
  ];
  for (const code of dropped) test(code, () => assert.deepEqual(rulesOn(inRun(code)), ["await-trigger"]));
  const kept = [
    "await mail.trigger();",
    "return mail.trigger();",
    "return await mail.triggerAndWait().unwrap();",
    "const handle = mail.trigger(); await handle;",
    "await Promise.all(list.map((name) => mail.trigger()));",
    "await Promise.all([mail.trigger(), 1]);",
    "await (async () => { await mail.trigger(); })();",
    "waitUntil(mail.trigger());",
    "const all = []; for (const name of list) all.push(mail.trigger()); await Promise.all(all);",
    "const send = () => mail.trigger(); await send();",
    "let sent; sent = mail.trigger(); await sent;",
    "const [a] = await Promise.all([mail.trigger()]); return a;",
    "for await (const run of mail.triggerAndSubscribe()) console.log(run);",
    "emitter.trigger('change');",
    "{ const mail = emitterOf(list); mail.trigger('change'); }",
  ];
  for (const code of kept) test(code, () => assert.deepEqual(rulesOn(inRun(code)), []));
  test("is told from one that is awaited in vain", () => {
    const messageOf = (code: string) => {
      const text = `import { task } from "@pawl/sdk";${inRun(code)}`;
      return checkFiles([{ path: "a.ts", text }], settings).find(({ rule }) => rule === "await-trigger")?.message;
    };
    const inFunction = "mail.trigger is called in a function whose promise nobody awaits.";
    assert.equal(messageOf("mail.trigger();"), "mail.trigger is not awaited.");
    assert.equal(messageOf("list.map(async () => { await mail.trigger(); });"), inFunction);
    assert.equal(messageOf("Promise.all(list.map(() => mail.trigger()));"), inFunction);
    assert.equal(
      messageOf("list.forEach(async () => { await mail.trigger(); });"),
      "mail.trigger is called in a function that forEach does not wait for.",
    );
    assert.equal(
      messageOf("const sent = mail.trigger();"),
      "mail.trigger is not awaited: its promise is in sent, which is not used.",
    );
  });
  test("a file without tasks is not a task's code", () => {
    assert.deepEqual(rulesOn('export const start = () => { tasks.trigger("mail"); };'), []);
  });
});

describe("a trigger in a run", () => {
  const withRetries = (code: string) => inRun(code).replace("retry: { maxAttempts: 1 }, ", "");
  const keyless = [
    "await mail.trigger();",
    "await mail.triggerAndWait(undefined, { tags: 'a' });",
    "await mail.trigger(undefined, { idempotencyKey: undefined });",
    "const options = { tags: 'a' }; await mail.trigger(undefined, options);",
    "await mail.batchTrigger([{ payload: undefined }]);",
    "await mail.batchTrigger([{ options: { idempotencyKey: 'a' } }, {}]);",
    "await mail.batchTriggerAndWait(list.map((name) => ({ payload: undefined })));",
    "const items = list.map(() => { return { options: { tags: 'a' } }; }); await mail.batchTrigger(items);",
    "await tasks.trigger('mail', list);",
    "await batch.triggerByTask([{ task: mail }]);",
    "await batch.trigger([...[{ id: 'mail' }]]);",
    "const all = async () => { await mail.trigger(); }; await all();",
  ];
  for (const code of keyless) {
    test(code, () => assert.deepEqual(rulesOn(withRetries(code)), ["idempotency-key-in-task"]));
  }
  const keyed = [
    "await mail.trigger(undefined, { idempotencyKey: list[0] });",
    "const idempotencyKey = 'a'; const options = { idempotencyKey }; await mail.trigger(undefined, options);",
    "await mail.trigger(undefined, { debounce: { key: 'a', delay: '5s' } });",
    "await mail.trigger(undefined, optionsFrom(list));",
    "await mail.trigger(undefined, { ...optionsFrom(list) });",
    "await mail.trigger(...argumentsFrom(list));",
    "await mail.batchTrigger(itemsFrom(list));",
    "await mail.batchTrigger([{ payload: 1 }], { idempotencyKey: 'a' });",
    "await mail.batchTrigger(list.map((name) => ({ options: { idempotencyKey: name } })));",
    "await mail.batchTrigger(await Promise.all(list.map(async (name) => ({ options: { idempotencyKey: await key(name) } }))));",
    "await tasks.trigger('mail', list, { idempotencyKey: 'a' });",
  ];
  for (const code of keyed) test(code, () => assert.deepEqual(rulesOn(withRetries(code)), []));
  test("is of no concern outside of run, and where there is one attempt", () => {
    assert.deepEqual(rulesOn(inRun("await mail.trigger();")), []);
    assert.deepEqual(rulesOn('export const start = async () => tasks.trigger("mail", 1);'), []);
  });
});

describe("options of tasks", () => {
  const bare = { hasRetryDefault: false, hasMaxDuration: false };
  const retries: Readonly<Record<string, readonly string[]>> = {
    'export const a = schedules.task({ id: "a", run });': ["retry-configured"],
    'const options = { id: "a", run }; export const a = task(options);': ["retry-configured"],
    'const common = { retry: {} }; export const a = task({ ...common, id: "a", run });': [],
    'import { common } from "./common.ts"; export const a = task({ ...common, id: "a", run });': [],
    "export const a = task(optionsOf('a'));": [],
  };
  for (const [code, rules] of Object.entries(retries)) {
    test(code, () => assert.deepEqual(rulesOn(`const run = async () => 1;${code}`, bare), rules));
  }
  test("are as well those of the configuration", () => {
    const code = 'import OpenAI from "openai";\nexport const a = task({ id: "a", run: async () => new OpenAI() });';
    assert.deepEqual(rulesOn(code, bare), ["max-duration-on-ai", "retry-configured"]);
    assert.deepEqual(rulesOn(code), ["max-duration-on-ai"]);
    assert.deepEqual(rulesOn(code, { hasRetryDefault: true, hasMaxDuration: true }), []);
    assert.deepEqual(rulesOn(code.replace("import", "import type")), []);
  });
  test("hooks before run are fine where nothing has to be found out", () => {
    const before = (hook: string, run: string) => `export const a = task({ id: "a", ${hook}, ${run} });`;
    const run = "run: async (payload: string, { ctx }) => payload";
    assert.deepEqual(rulesOn(before("onFailure: ({ error }) => {}", run)), ["hooks-after-run"]);
    assert.deepEqual(rulesOn(before("async onStart({ ctx }) {}", run)), ["hooks-after-run"]);
    assert.deepEqual(rulesOn(before("onFailure: () => {}", run)), []);
    assert.deepEqual(rulesOn(before("middleware: ({ next }) => next()", run)), []);
    assert.deepEqual(rulesOn(before("onStart: ({ ctx }) => {}", "run: async (payload: string) => payload")), []);
    assert.deepEqual(rulesOn(before("onStart: ({ ctx }) => {}", run).replace("task(", "schemaTask(")), []);
    const text = `import { task } from "@pawl/sdk";\n${before("onStart: ({ ctx }) => {}", "run: async (a, b) => a")}`;
    assert.deepEqual(placesIn({ "trigger/a.js": text }), [], "JavaScript finds nothing out");
  });
});

describe("names", () => {
  test("the SDK is known by any name, and by any way of import", () => {
    const imports: Readonly<Record<string, string>> = {
      'import { task as define } from "@trigger.dev/sdk/v3";': "define",
      'import * as pawl from "@pawl/sdk";': "pawl.task",
      'import { schedules as cron } from "@trigger.dev/sdk";': "cron.task",
      'const { schemaTask } = require("@trigger.dev/sdk");': "schemaTask",
      'const sdk = await import("@pawl/sdk");': "sdk.task",
    };
    const places = Object.entries(imports).flatMap(([line, name]) =>
      placesIn({ "trigger/a.ts": `${line}\nfunction make() { ${name}({ id: "a", run: () => 1 }); }` }),
    );
    assert.deepEqual(
      places.map((place) => place.replace(/^.*? /, "")),
      Array.from({ length: 5 }, () => "no-task-in-function"),
    );
  });

  test("what is called task and is not the SDK's is left alone", () => {
    const text = 'import { task } from "gulp";\nexport const make = () => task({ id: "a" });';
    assert.deepEqual(placesIn({ "trigger/a.ts": text }), []);
    assert.deepEqual(rulesOn('export const make = (task: (options: object) => void) => task({ id: "a" });'), []);
  });

  test("a task of another file is known by its file, or by its name", () => {
    const other = `import { task } from "@pawl/sdk";
export const mail = task({ id: "mail", run: async () => 1 });
export const emitter = { trigger() {} };
export default mail;`;
    const using = (line: string) => `import { task } from "@pawl/sdk";
${line}
export const a = task({ id: "a", retry: { maxAttempts: 1 }, run: async () => { used.trigger(); } });`;
    const lines: Readonly<Record<string, boolean>> = {
      'import { mail as used } from "./mail.ts";': true,
      'import { mail as used } from "./mail.js";': true,
      'import used from "./mail";': true,
      'import { mail as used } from "@/trigger/mail";': true,
      'import { emitter as used } from "./mail.ts";': false,
      'import { mail as used } from "./index.ts";': true,
    };
    const index = 'export * from "./mail.ts";';
    for (const [line, isTask] of Object.entries(lines)) {
      const files = { "trigger/mail.ts": other, "trigger/index.ts": index, "trigger/a.ts": using(line) };
      assert.deepEqual(placesIn(files), isTask ? ["trigger/a.ts:3:80 await-trigger"] : [], line);
    }
    const namespace = using('import * as mails from "./mail.ts";').replace("used.", "mails.mail.");
    assert.deepEqual(placesIn({ "trigger/mail.ts": other, "trigger/a.ts": namespace }).length, 1);
  });

  test("one id in two files is said with the place of the other", () => {
    const text = 'import { task } from "@pawl/sdk";\nconst id = "same";\nexport const a = task({ id, run: () => 1 });';
    const files = ["trigger/one.ts", "trigger/deep/two.ts"].map((path) => ({ path, text }));
    const [found, ...others] = checkFiles(files, settings).filter(({ rule }) => rule === "duplicate-id");
    assert.deepEqual(others, []);
    assert.equal(found?.file, "trigger/deep/two.ts");
    assert.match(found?.message ?? "", /"same" belongs to another task already, in \.\.\/one\.ts:3\./);
  });
});

describe("functions", () => {
  const make = "const make = (id: string) => task({ id, run: () => 1 });";
  test("that are called when the file is imported may define tasks", () => {
    assert.deepEqual(rulesOn(`${make} export const a = make("a");`), []);
    assert.deepEqual(rulesOn(`${make} export const all = ["a", "b"].map((name) => make(name));`), []);
    assert.deepEqual(
      rulesOn(`export const all = ["a"].map(make); function make(id: string) { return task({ id }); }`),
      [],
    );
    assert.deepEqual(rulesOn('(() => { task({ id: "a" }); })();'), []);
  });
  test("that are called in a run may not", () => {
    assert.deepEqual(rulesOn(`${make} export const a = task({ id: "a", run: () => { make("b"); } });`), [
      "no-task-in-function",
    ]);
    assert.deepEqual(rulesOn(`${make} export { make };`), ["no-task-in-function"]);
  });
});

test("node-fetch is found however it is loaded", () => {
  const lines = [
    'import fetch from "node-fetch";',
    'import type { Response } from "node-fetch";',
    'const fetch = require("node-fetch");',
    'const { default: fetch } = await import("node-fetch");',
    'export { default } from "node-fetch";',
    'export * from "node-fetch";',
    'import fetch = require("node-fetch");',
  ];
  for (const line of lines) assert.deepEqual(rulesOn(line), ["no-node-fetch"], line);
  assert.deepEqual(rulesOn('import fetch from "node-fetch-native";\n// import "node-fetch"'), []);
});

describe("comments", () => {
  const file = (comment: string) => ({
    "trigger/a.ts": `import { task } from "@pawl/sdk";\n${comment}\nimport fetch from "node-fetch";\n`,
  });
  test("silence a rule on the next line of code", () => {
    const silent = [
      "// pawl-check-ignore no-node-fetch",
      "/* pawl-check-ignore no-node-fetch */",
      "// pawl-check-ignore no-node-fetch: our proxy patches it",
      "// pawl-check-ignore no-node-fetch -- our proxy patches it",
      "// pawl-check-ignore no-node-fetch\n\n// our proxy patches it",
    ];
    for (const comment of silent) assert.deepEqual(placesIn(file(comment)), [], comment);
  });
  test("that silence nothing are said", () => {
    assert.deepEqual(placesIn(file("// pawl-check-ignore no-node-fetch, await-trigger")), [
      "trigger/a.ts:2:37 unused-ignore",
    ]);
    assert.deepEqual(placesIn(file("// pawl-check-ignore no-node-fech")), [
      "trigger/a.ts:2:22 unused-ignore",
      "trigger/a.ts:3:19 no-node-fetch",
    ]);
    assert.deepEqual(placesIn(file("// pawl-check-ignore")), [
      "trigger/a.ts:2:1 unused-ignore",
      "trigger/a.ts:3:19 no-node-fetch",
    ]);
    assert.deepEqual(placesIn(file("// pawl-check-ignored no-node-fetch")), ["trigger/a.ts:3:19 no-node-fetch"]);
  });
});

describe("places", () => {
  test("count lines and columns from 1, whatever ends a line", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const text = ["// 𝒳 é", '\timport fetch from "node-fetch";', ""].join(end);
      const [found] = checkFiles([{ path: "a.ts", text }], settings);
      assert.deepEqual(
        [found?.start, found?.end],
        [
          { line: 2, column: 20 },
          { line: 2, column: 32 },
        ],
      );
    }
  });
  test("of code that does not parse are said, in any language of the files", () => {
    assert.deepEqual(placesIn({ "a.ts": "const a = ;\nconst b = ;" }), ["a.ts:1:11 syntax"]);
    assert.deepEqual(placesIn({ "a.tsx": "export const a = <p>{1}</p>;", "b.cts": "import a = require('a');" }), []);
    assert.deepEqual(placesIn({ "empty.ts": "", "hash.mjs": "#!/usr/bin/env node\n" }), []);
  });
});

test("code that is cut off anywhere is read without a fault of ours", () => {
  for (const { wrong } of allRules) {
    for (let length = 0; length < wrong.length; length += 3) {
      const found = checkFiles([{ path: "a.ts", text: wrong.slice(0, length) }], settings);
      for (const { start, end } of found) {
        assert.ok(
          end.line > start.line || (end.line === start.line && end.column >= start.column),
          wrong.slice(0, length),
        );
      }
    }
  }
});

test("code that is nested deeply is read", () => {
  const text = `export const a = ${"[".repeat(3_000)}${"]".repeat(3_000)};`;
  assert.deepEqual(placesIn({ "a.ts": text }), []);
});
