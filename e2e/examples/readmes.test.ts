import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { rootDir } from "../stage/stage.ts";

const examples = globSync("examples/*/package.json", { cwd: rootDir }).map((path) => dirname(path));
const read = (...path: readonly string[]) => readFile(join(rootDir, ...path), "utf8");

test("examples/README.md names every example", async () => {
  const index = await read("examples", "README.md");
  assert.ok(examples.length >= 5);
  for (const example of examples) assert.ok(index.includes(`](${example.replace("examples/", "")})`), example);
});

for (const example of examples) {
  test(`the README of ${example} names scripts and files that are there`, async () => {
    const readme = await read(example, "README.md");
    const scripts = await Promise.all(
      ["package.json", join(example, "package.json")].map(async (path) => JSON.parse(await read(path)).scripts ?? {}),
    );
    for (const [, name = ""] of readme.matchAll(/npm run ([\w-]+)/g)) {
      assert.ok(
        scripts.some((known) => name in known),
        `npm run ${name}`,
      );
    }
    const files = [...readme.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, cell = ""]) => cell.match(/[\w./-]+/g) ?? []);
    assert.ok(files.length > 2);
    for (const file of files) assert.equal(globSync(file, { cwd: join(rootDir, example) }).length, 1, file);
  });
}
