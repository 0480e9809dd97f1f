import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { rootDir } from "../stage/stage.ts";

const documents = globSync(["*.md", "docs/**/*.md", "examples/*/README.md", "packages/*/README.md"], { cwd: rootDir });

/** The anchors of a document's headings, as GitHub names them. */
function anchorsOf(path: string): readonly string[] {
  const text = readFileSync(path, "utf8").replace(/^```[\s\S]*?^```$/gm, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}

test("links between documents lead somewhere", () => {
  assert.ok(documents.length > 30, `only ${documents.length} documents are found`);
  const broken: string[] = [];
  for (const name of documents) {
    const text = readFileSync(join(rootDir, name), "utf8").replace(/^```[\s\S]*?^```$/gm, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? join(rootDir, name) : resolve(rootDir, dirname(name), file);
      const isThere = existsSync(path) && (anchor === undefined || anchorsOf(path).includes(anchor));
      if (!isThere) broken.push(`${name}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});
