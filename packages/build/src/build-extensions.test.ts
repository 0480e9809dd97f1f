import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { bundleProject } from "./bundle.ts";
import { loadProject } from "./project.ts";

async function withProject(files: Readonly<Record<string, string>>, body: (dir: string) => Promise<void>) {
  const dir = await mkdtemp(join(tmpdir(), "pawl-extensions-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const bundleOf = async (dir: string) => bundleProject(await loadProject(dir), { outDir: join(dir, ".pawl", "build") });
const textOf = async (dir: string) => readFile((await bundleOf(dir)).path, "utf8");

/** A plugin that writes its name behind each file that holds `STAMP`. */
const stamp = `const stamp = (name: string) => ({
  name,
  setup(build: import("esbuild").PluginBuild) {
    build.onLoad({ filter: /stamped\\.ts$/ }, () => ({ contents: \`globalThis.stampedBy = "\${name}";\`, loader: "ts" }));
  },
});`;

test("a plugin is part of the bundler, before others with placement first, and only for its target", async () => {
  const files = {
    "trigger.config.ts": `
      import { esbuildPlugin } from "@trigger.dev/build";
      import { defineConfig } from "@trigger.dev/sdk";
      ${stamp}
      export default defineConfig({
        project: "proj_x",
        build: {
          extensions: [
            esbuildPlugin(stamp("second")),
            esbuildPlugin(stamp("first"), { placement: "first", target: "dev" }),
            esbuildPlugin(stamp("deployed"), { placement: "first", target: "deploy" }),
          ],
        },
      });`,
    "trigger/a.ts": `import "./stamped.ts";`,
    "trigger/stamped.ts": "globalThis.stampedBy = null;",
  };
  await withProject(files, async (dir) => {
    const text = await textOf(dir);
    assert.match(text, /stampedBy = "first"/);
    assert.doesNotMatch(text, /second|deployed/);
  });
});

test("every extension of the original's names is there, and none of them is in the bundle", async () => {
  const files = {
    "trigger.config.ts": `
      import { defineConfig } from "@trigger.dev/sdk";
      import { audioWaveform } from "@trigger.dev/build/extensions/audioWaveform";
      import {
        additionalFiles, additionalPackages, aptGet, ffmpeg, syncEnvVars, syncNeonEnvVars, syncSupabaseEnvVars, syncVercelEnvVars,
      } from "@trigger.dev/build/extensions/core";
      import { lightpanda } from "@trigger.dev/build/extensions/lightpanda";
      import { playwright } from "@trigger.dev/build/extensions/playwright";
      import { prismaExtension } from "@trigger.dev/build/extensions/prisma";
      import { puppeteer } from "@trigger.dev/build/extensions/puppeteer";
      import { pythonExtension } from "@trigger.dev/python/extension";
      export default defineConfig({
        project: "proj_x",
        machine: "small-2x",
        build: {
          extensions: [
            audioWaveform(), additionalFiles({ files: ["a/**"] }), additionalPackages({ packages: ["x"] }), aptGet({ packages: ["curl"] }),
            ffmpeg(), syncEnvVars(() => ({})), lightpanda(), playwright(), prismaExtension({ schema: "a.prisma" }), puppeteer(),
            pythonExtension(), syncNeonEnvVars(), syncSupabaseEnvVars(), syncVercelEnvVars(),
          ],
        },
      });`,
    "node_modules/playwright/package.json": `{ "name": "playwright", "main": "./index.js" }`,
    "node_modules/playwright/index.js": `exports.chromium = "browser outside";`,
    "trigger/a.ts": `import { chromium } from "playwright"; globalThis.chromium = chromium;`,
  };
  await withProject(files, async (dir) => {
    const project = await loadProject(dir);
    const names = project.config.build?.extensions?.map(({ name }) => name);
    assert.deepEqual(names?.toSorted(), [
      "additionalFiles",
      "additionalPackages",
      "aptGet",
      "audioWaveform",
      "ffmpeg",
      "lightpanda",
      "playwright",
      "prisma",
      "puppeteer",
      "python",
      "syncEnvVars",
      "syncNeonEnvVars",
      "syncSupabaseEnvVars",
      "syncVercelEnvVars",
    ]);
    const { path } = await bundleOf(dir);
    const text = await readFile(path, "utf8");
    assert.doesNotMatch(text, /browser outside|aptGet|lightpanda/);
    const { config } = (await import(pathToFileURL(path).href)) as { config: unknown };
    assert.deepEqual(config, { project: "proj_x", machine: "small-2x", build: undefined });
  });
});

test("a run process does not load what only extensions use, and loads what else the configuration uses", async () => {
  const loud = (name: string) =>
    `globalThis.loaded = [...(globalThis.loaded ?? []), "${name}"]; export const ${name} = 1;`;
  const files = {
    "trigger.config.ts": `
      import { plugin } from "./plugin.ts";
      import { both } from "./both.ts";
      import { hook } from "./hook.ts";
      export const config = {
        project: "proj_x",
        onStart: () => [hook, both],
        build: {
          extensions: [{ name: String(plugin), onBuildStart: () => both }],
        },
      };`,
    "tsconfig.json": `{ "compilerOptions": { "verbatimModuleSyntax": true } }`,
    "plugin.ts": loud("plugin"),
    "both.ts": loud("both"),
    "hook.ts": loud("hook"),
    "trigger/a.ts": "export {};",
  };
  await withProject(files, async (dir) => {
    const text = await textOf(dir);
    assert.deepEqual([...text.matchAll(/\[\], "(\w+)"\]/g)].map(([, name]) => name).toSorted(), ["both", "hook"]);
  });
});

test("an extension of one's own adds conditions and externals, and hears of the bundle", async () => {
  const files = {
    "trigger.config.ts": `
      export default {
        build: {
          extensions: [{
            name: "own",
            externalsForTarget: (target) => target === "dev" ? ["left"] : [],
            onBuildStart: async (context) => {
              context.addLayer({ id: "own", conditions: ["special"], dependencies: { left: "1.0.0" } });
              globalThis.sawLeft = await context.resolvePath("left");
              globalThis.sawNone = await context.resolvePath("none");
            },
            onBuildComplete: (context, manifest) => { globalThis.sawBundle = { ...manifest, dir: context.workingDir }; },
          }],
        },
      };`,
    "node_modules/left/package.json": `{ "name": "left", "main": "./left.js" }`,
    "node_modules/left/left.js": `exports.left = "left outside";`,
    "node_modules/cond/package.json": `{ "name": "cond", "exports": { "special": "./special.js", "default": "./plain.js" } }`,
    "node_modules/cond/special.js": `export const cond = "a special one";`,
    "node_modules/cond/plain.js": `export const cond = "a plain one";`,
    "trigger/a.ts": `import { left } from "left"; import { cond } from "cond"; console.log(left, cond);`,
  };
  await withProject(files, async (dir) => {
    const { path, contentHash } = await bundleOf(dir);
    const text = await readFile(path, "utf8");
    assert.match(text, /a special one/);
    assert.doesNotMatch(text, /left outside/);
    const seen = globalThis as { sawLeft?: unknown; sawNone?: unknown; sawBundle?: unknown };
    assert.equal(seen.sawLeft, join(dir, "node_modules", "left", "left.js"));
    assert.equal(seen.sawNone, undefined);
    assert.deepEqual(seen.sawBundle, { target: "dev", outputPath: dirname(path), contentHash, dir });
  });
});

const refused: readonly (readonly [string, string, RegExp])[] = [
  [
    "that throws",
    `{ name: "own", onBuildStart() { throw new Error("no room"); } }`,
    /build extension own failed: no room\./,
  ],
  ["that is none", `"ffmpeg"`, /"build\.extensions\.0": a build extension is an object with a name/],
  ["without its packages", "aptGet({ packages: [] })", /packages of aptGet must be a list with at least one text/],
  ["with both kinds of requirements", `pythonExtension({ requirements: ["a"], requirementsFile: "b" })`, /not both/],
];
for (const [what, extension, message] of refused) {
  test(`an extension ${what} is refused`, async () => {
    const files = {
      "trigger.config.ts": `
        import { aptGet } from "@pawl/build/extensions/core";
        import { pythonExtension } from "@trigger.dev/python/extension";
        export default { build: { extensions: [${extension}] }, used: [aptGet, pythonExtension].length };`,
      "trigger/a.ts": "export {};",
    };
    await withProject(files, async (dir) => {
      await assert.rejects(bundleOf(dir), { name: "ProjectError", message });
    });
  });
}

test("an extension that Pawl does not have is named", async () => {
  const files = {
    "trigger.config.ts": `import { x } from "@trigger.dev/build/extensions/typescript"; export default { x };`,
    "trigger/a.ts": "export {};",
  };
  await withProject(files, async (dir) => {
    await assert.rejects(bundleOf(dir), {
      message:
        /Pawl does not have "@trigger\.dev\/build\/extensions\/typescript" \(trigger\.config\.ts:1:\d+\)\. Remove/,
    });
  });
});
