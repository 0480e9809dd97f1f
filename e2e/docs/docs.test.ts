import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startServer, startWorker, untilReady } from "../stage/platform.ts";
import { openStage, rootDir } from "../stage/stage.ts";
import { type DocPage, readDocPages } from "./doc-page.ts";

const config = `import { defineConfig } from "@pawl/sdk";

export default defineConfig({ project: "proj_docs", dirs: ["./trigger"], processKeepAlive: true });
`;

const compilerOptions = {
  extends: join(rootDir, "tsconfig.json"),
  compilerOptions: { typeRoots: [join(rootDir, "node_modules", "@types")] },
  include: ["trigger", "app", "configs", "trigger.config.ts"],
  exclude: [],
};

/** Components, of a browser. */
const pageCompilerOptions = {
  extends: "../tsconfig.json",
  compilerOptions: { lib: ["es2024", "dom", "dom.iterable"], jsx: "react-jsx" },
  include: ["."],
  exclude: [],
};

/** So many pages are tried beside each other; the programs of one, in turn. */
const concurrency = 3;
/** This page changes the environment of every run, which takes new processes. */
const aloneWith = "environment-variables.md";

test("the examples of docs/ compile, and print what the pages say", { concurrency }, async (t) => {
  const pages = await readDocPages();
  const stage = await openStage(t);
  const projectDir = await stage.project("docs", {
    "trigger.config.ts": config,
    "tsconfig.json": JSON.stringify(compilerOptions),
    "page/tsconfig.json": JSON.stringify(pageCompilerOptions),
    "package.json": JSON.stringify({ type: "module" }),
    ...filesOf(pages),
  });

  await t.test("they compile", async () => {
    const compiler = join(rootDir, "node_modules", "typescript", "bin", "tsc");
    for (const dir of [projectDir, join(projectDir, "page")]) {
      const compiled = await stage.node([compiler, "-p", dir], { cwd: projectDir }).finished();
      assert.equal(compiled.ending?.code, 0, compiled.report());
    }
  });

  await t.test("pawl check has nothing to say about those to be taken over", async () => {
    const models = pages.filter(({ name }) => ["patterns.md", "tasks.md", "shared-processes.md"].includes(name));
    const files = models.flatMap((page) => Object.keys(page.files)).filter((file) => file.startsWith("trigger/"));
    assert.ok(files.length > 10);
    const checked = await stage.pawl(["check", "--strict", ...files], { cwd: projectDir }).finished();
    assert.equal(checked.ending?.code, 0, checked.report());
  });

  const server = await startServer(stage);
  await untilReady(startWorker(stage, server, projectDir));
  const env = { TRIGGER_API_URL: server.apiUrl, TRIGGER_SECRET_KEY: server.secretKey };
  const tryPage = ({ name, programs }: DocPage) =>
    t.test(name, async (t) => {
      for (const { file, prints } of programs) {
        await t.test(file, async () => {
          const args = file.endsWith(".test.ts") ? ["--test-reporter=dot", file] : [file];
          const program = await stage.node(args, { cwd: projectDir, env }).finished();
          assert.equal(program.ending?.code, 0, program.report());
          assert.equal(program.stdout, prints);
        });
      }
    });
  const withPrograms = pages.filter(({ programs }) => programs.length > 0);
  await Promise.all(withPrograms.filter(({ name }) => name !== aloneWith).map(tryPage));
  await Promise.all(withPrograms.filter(({ name }) => name === aloneWith).map(tryPage));
});

test("docs/README.md names every page", async () => {
  const pages = await readDocPages();
  const index = await readFile(join(rootDir, "docs", "README.md"), "utf8");
  for (const { name } of pages) if (name !== "README.md") assert.ok(index.includes(`](${name})`), name);
});

/** One project for all: a file that two pages write would be one of them only. */
function filesOf(pages: readonly DocPage[]): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const page of pages) {
    for (const [file, text] of Object.entries(page.files)) {
      assert.ok(!(file in files), `${page.name} writes ${file}, as another page does`);
      files[file] = text;
    }
  }
  return files;
}
