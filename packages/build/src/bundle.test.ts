import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { SourceMap } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { bundleProject } from "./bundle.ts";
import { loadProject } from "./project.ts";

type Files = Record<string, string>;

async function write(dir: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

async function withProject(files: Files, body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-bundle-"));
  try {
    await write(dir, files);
    await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const outDirOf = (dir: string) => join(dir, ".pawl", "build");
const bundleOf = async (dir: string) => bundleProject(await loadProject(dir), { outDir: outDirOf(dir) });

/** Imports the bundle of a project and gives what its task files wrote into `globalThis.seen`. */
async function importBundle(dir: string): Promise<{ config: unknown; seen: Record<string, unknown> }> {
  const { path } = await bundleOf(dir);
  const seen: Record<string, unknown> = {};
  Object.assign(globalThis, { seen });
  const module: { config: unknown } = await import(pathToFileURL(path).href);
  return { config: module.config, seen };
}

test("a bundle imports the configuration and every task file in order, with the file's name in the runtime", async () => {
  const look = (key: string) =>
    `import { runtime } from "@pawl/sdk/runtime"; globalThis.seen.${key} = runtime().currentFile; globalThis.seen.order = (globalThis.seen.order ?? "") + "${key}";`;
  const files = {
    "trigger.config.ts": `export default { project: "proj_x", processKeepAlive: true };`,
    "trigger/a.ts": look("a"),
    "trigger/init.ts": look("init"),
    "trigger/b.cjs": `globalThis.seen.order += "b"; module.exports = {};`,
  };
  await withProject(files, async (dir) => {
    const { config, seen } = await importBundle(dir);
    assert.deepEqual(config, { project: "proj_x", processKeepAlive: true });
    assert.deepEqual(seen, { order: "initab", init: "trigger/init.ts", a: "trigger/a.ts" });
  });
});

test("what a task file does while another one imports it is its own, and what comes after is the other's", async () => {
  const look = (key: string) =>
    `import { runtime } from "@pawl/sdk/runtime";\nglobalThis.seen.${key} = runtime().currentFile; // no more`;
  const files = {
    "trigger/a.ts": `import { b } from "./b.ts";\nimport "../lib/used.ts";\nimport "./c.cjs";\nb();\n${look("a")}`,
    "trigger/b.ts": `export const b = () => {};\n${look("b")}`,
    "trigger/c.cjs":
      "globalThis.seen.c = typeof module; // lines of CommonJS:\n/*\nimport nothing\n*/\nmodule.exports = {};",
    "lib/used.ts": look("used"),
  };
  await withProject(files, async (dir) => {
    const { seen } = await importBundle(dir);
    assert.deepEqual(seen, { b: "trigger/b.ts", used: "trigger/a.ts", c: "object", a: "trigger/a.ts" });
  });
});

test("every name of the SDK is one module", async () => {
  const files = {
    "trigger/a.ts": `
      import * as one from "@trigger.dev/sdk";
      import * as two from "@trigger.dev/sdk/v3";
      import * as three from "@pawl/sdk";
      globalThis.seen.isOne = one.task === two.task && two.task === three.task && typeof one.task === "function";`,
  };
  await withProject(files, async (dir) => {
    assert.deepEqual((await importBundle(dir)).seen, { isOne: true });
  });
});

test("CommonJS packages, __dirname and a require of one's own work inside the bundle", async () => {
  const files = {
    "trigger.config.ts": `import { createRequire } from "node:module"; const require = createRequire(import.meta.url); export default { isThere: typeof require };`,
    "node_modules/old/package.json": `{ "name": "old", "main": "./old.js" }`,
    "node_modules/old/old.js": `const path = require("path"); exports.where = path.basename(__dirname); exports.name = require(["pat", "h"].join("")).basename("a/b");`,
    "trigger/a.ts": `
      import { dirname } from "node:path";
      import { fileURLToPath } from "node:url";
      import { where, name } from "old";
      const __dirname = dirname(fileURLToPath(import.meta.url));
      globalThis.seen.isHash = /^[0-9a-f]{32}$/.test(where) && __dirname.endsWith(where);
      globalThis.seen.name = name;`,
  };
  await withProject(files, async (dir) => {
    const { config, seen } = await importBundle(dir);
    assert.deepEqual(config, { isThere: "function" });
    assert.deepEqual(seen, { isHash: true, name: "b" });
  });
});

test("native packages and those that the configuration names stay outside", async () => {
  const files = {
    "trigger.config.ts": `export default { build: { external: ["left"] } };`,
    "node_modules/left/package.json": `{ "name": "left", "main": "./left.js" }`,
    "node_modules/left/left.js": `exports.left = "left outside";`,
    "node_modules/native/package.json": `{ "name": "native", "main": "./index.js" }`,
    "node_modules/native/index.js": `exports.native = "native outside";`,
    "node_modules/native/build/Release/x.node": "",
    "node_modules/plain/package.json": `{ "name": "plain", "main": "./index.js" }`,
    "node_modules/plain/index.js": `exports.plain = require("deep").deep;`,
    "node_modules/plain/node_modules/deep/package.json": `{ "name": "deep", "main": "./index.js", "optionalDependencies": { "@deep/linux-x64": "1" } }`,
    "node_modules/plain/node_modules/deep/index.js": `exports.deep = "deep outside";`,
    "trigger/a.ts": `
      import { left } from "left"; import { native } from "native"; import { plain } from "plain";
      Object.assign(globalThis.seen, { left, native, plain });`,
  };
  await withProject(files, async (dir) => {
    const { path } = await bundleOf(dir);
    const text = await readFile(path, "utf8");
    assert.doesNotMatch(text, /(left|native|deep) outside/);
    const { seen } = await importBundle(dir);
    assert.deepEqual(seen, { left: "left outside", native: "native outside", plain: "deep outside" });
  });
});

test("the same code gives the same folder, other code another", async () => {
  await withProject({ "trigger/a.ts": "console.log(1);" }, async (dir) => {
    const first = await bundleOf(dir);
    const again = await bundleOf(dir);
    assert.deepEqual(again, first);
    await write(dir, { "trigger/a.ts": "console.log(2);" });
    const changed = await bundleOf(dir);
    assert.notEqual(changed.contentHash, first.contentHash);
    assert.match(await readFile(first.path, "utf8"), /console\.log\(1\)/);
  });
});

test("the source map leads back to the task file", async () => {
  const source = `interface Gone {\n  a: 1;\n}\n\nconsole.log("the marked line" as string);\n`;
  await withProject({ "trigger/a.ts": source }, async (dir) => {
    const { path } = await bundleOf(dir);
    const lines = (await readFile(path, "utf8")).split("\n");
    assert.match(lines.at(-2) ?? "", /sourceMappingURL=index\.mjs\.map/);
    const line = lines.findIndex((text) => text.includes("the marked line"));
    const column = lines[line]?.indexOf(`"the marked line"`) ?? -1;
    const entry = new SourceMap(JSON.parse(await readFile(`${path}.map`, "utf8"))).findEntry(line, column);
    assert.ok("originalSource" in entry);
    assert.equal(resolve(dirname(path), entry.originalSource), join(dir, "trigger/a.ts"));
    assert.equal(entry.originalLine, 4);
  });
});

test("an import that is not found is told with its place and what to do", async () => {
  await withProject({ "trigger/a.ts": `import { x } from "not-there/sub";\nx();\n` }, async (dir) => {
    await assert.rejects(bundleOf(dir), {
      name: "ProjectError",
      message: /Could not resolve "not-there\/sub" \(trigger\/a\.ts:1:19\).*npm install not-there"/,
    });
  });
});

test("an import of what the SDK does not have says so", async () => {
  await withProject({ "trigger/a.ts": `import { sessions } from "@trigger.dev/sdk";\nsessions();\n` }, async (dir) => {
    await assert.rejects(bundleOf(dir), {
      message: /trigger\/a\.ts:1:\d+\)\. This version of Pawl does not have "sessions"/,
    });
  });
});

test("several errors are told together", async () => {
  const files = { "trigger/a.ts": "const = 1;", "trigger/b.ts": `import "./gone.ts";` };
  await withProject(files, async (dir) => {
    await assert.rejects(bundleOf(dir), (error: Error & { details?: readonly string[] }) => {
      assert.match(error.message, /trigger\/[ab]\.ts:1:\d+.*There are 1 more/);
      assert.equal(error.details?.length, 1);
      return true;
    });
  });
});
