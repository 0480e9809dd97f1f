import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { sharedPostgres } from "@pawl/testkit";
import { defects } from "./fixtures/defects.ts";

// Whether the model finds mistakes: takes minutes, and runs only on demand, with PAWL_MODEL_DEFECTS=all or parts of names,
// such as "rates:,order:".

const wanted = process.env.PAWL_MODEL_DEFECTS;

const repository = fileURLToPath(new URL("../../../../../", import.meta.url));
const modelTest = "packages/server/src/store/model/model.test.ts";

/** Copies what the model needs, so that it can be changed. */
async function copyRepository(t: TestContext): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "pawl-defects-"));
  t.after(() => rm(copy, { recursive: true }));
  await cp(join(repository, "INVARIANTS.md"), join(copy, "INVARIANTS.md"));
  for (const name of ["contract", "server", "testkit"]) {
    const [from, to] = [join(repository, "packages", name), join(copy, "packages", name)];
    await cp(join(from, "src"), join(to, "src"), { recursive: true });
    await cp(join(from, "package.json"), join(to, "package.json"));
  }
  await mkdir(join(copy, "node_modules", "@pawl"), { recursive: true });
  for (const name of await readdir(join(repository, "node_modules"))) {
    if (name !== "@pawl") await symlink(join(repository, "node_modules", name), join(copy, "node_modules", name));
  }
  for (const name of await readdir(join(repository, "node_modules/@pawl"))) {
    const target = await readlink(join(repository, "node_modules/@pawl", name)); // into the workspace, relative
    await symlink(target, join(copy, "node_modules/@pawl", name));
  }
  return copy;
}

/** Runs the model; answers what it found, or null. */
async function find(copy: string, databaseUrl: string): Promise<string | null> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env; // it is a test run of its own, not a part of this one
  const child = spawn(process.execPath, ["--conditions=@pawl/source", "--test", "--test-reporter=spec", modelTest], {
    cwd: copy,
    env: {
      ...env,
      PAWL_TEST_DATABASE_URL: databaseUrl,
      PAWL_MODEL_OPERATIONS: "40000",
      PAWL_MODEL_SHRINK_MS: process.env.PAWL_MODEL_SHRINK_MS ?? "20000",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return code === 0 ? null : output;
}

test("the model finds each of the defects (takes minutes: on demand, with PAWL_MODEL_DEFECTS=all)", {
  skip: wanted === undefined && "takes minutes: set PAWL_MODEL_DEFECTS=all",
  timeout: 3_600_000,
}, async (t) => {
  const copy = await copyRepository(t);
  const databaseUrl = await sharedPostgres();
  const chosen =
    wanted === "all" ? defects : defects.filter(({ name }) => wanted?.split(",").some((part) => name.includes(part)));
  assert.ok(chosen.length > 0, `no defect has "${wanted}" in its name`);
  for (const { name, changes } of chosen) {
    await t.test(name, async (step) => {
      const originals = new Map<string, string>();
      for (const { file, from, to } of changes) {
        const path = join(copy, "packages/server/src/store", file);
        const source = await readFile(path, "utf8");
        if (!originals.has(path)) originals.set(path, source);
        assert.equal(source.split(from).length, 2, `${file} has what is replaced, once`);
        await writeFile(
          path,
          source.replace(from, () => to),
        );
      }
      const found = await find(copy, databaseUrl);
      for (const [path, source] of originals) await writeFile(path, source);
      assert.ok(found !== null, "the model has not found it");
      step.diagnostic(found.match(/after \d+ operations: .*/)?.[0] ?? found.slice(0, 500));
      step.diagnostic(found.match(/already in \d+ steps/)?.[0] ?? "not shrunk");
    });
  }
});
