import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

// A connection prepares a statement under its name, and refuses another text under the same one: which of the two fails is a
// matter of what came first there, so that no test need see it.
test("no two statements have one name", async () => {
  const root = join(import.meta.dirname, "..");
  const paths = (await readdir(root, { recursive: true })).filter((path) => path.endsWith(".ts"));
  const places = new Map<string, string[]>();
  for (const path of paths.filter((path) => !path.endsWith(".test.ts") && !path.includes("fixtures"))) {
    const source = await readFile(join(root, path), "utf8");
    for (const [, name = ""] of source.matchAll(/\bname: "(\w+)",\s*text\b/g)) {
      places.set(name, [...(places.get(name) ?? []), path]);
    }
  }
  assert.ok(places.size > 100, `${places.size} statements were found`);
  assert.deepEqual(
    [...places].filter(([, found]) => found.length > 1),
    [],
  );
});
