import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { findViolations } from "./import-rule.ts";

/** Violations in a repository with the packages sdk, contract, server, cli and testkit, and these files. */
function violationsIn(files: Readonly<Record<string, string>>): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), "pawl-imports-"));
  try {
    for (const folder of ["contract", "sdk", "server", "cli", "testkit"]) {
      const exports = { ".": { "@pawl/source": "./src/index.ts" }, "./*": { "@pawl/source": "./src/*.ts" } };
      write(join(root, "packages", folder, "package.json"), JSON.stringify({ name: `@pawl/${folder}`, exports }));
    }
    for (const [name, text] of Object.entries(files)) write(join(root, "packages", name), text);
    return findViolations(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const allowed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a package of the table": { "sdk/src/a.ts": 'import { x } from "@pawl/contract/ids";' },
  "the server, lazily": { "cli/src/a.ts": 'const { startServer } = await import("@pawl/server");' },
  "types of the server": { "cli/src/a.ts": 'import type { Settings } from "@pawl/server";' },
  "the testkit in a test": { "server/src/store/a.test.ts": 'import { db } from "@pawl/testkit";' },
  "zod as a type": { "sdk/src/a.ts": 'import type { ZodType } from "zod";' },
  "a cycle of types": {
    "sdk/src/a.ts": 'import type { B } from "./b.ts"; export type A = B;',
    "sdk/src/b.ts": 'import type { A } from "./a.ts"; export type B = A;',
  },
  "main.ts of the server": { "server/src/main.ts": 'import "./store/a.ts"; import "./api/a.ts";' },
  "a file at the top of the server": { "server/src/store/a.ts": 'import "../b.ts";', "server/src/b.ts": "" },
  "an import in a comment or a string": {
    "contract/src/a.ts": '// import "@pawl/sdk"\nexport const a = `import "@pawl/sdk"`;',
  },
};

for (const [what, files] of Object.entries(allowed)) {
  test(`allows ${what}`, () => assert.deepEqual(violationsIn(files), []));
}

const refused: Readonly<Record<string, readonly [Readonly<Record<string, string>>, RegExp]>> = {
  "a package against the table": [{ "sdk/src/a.ts": 'import { x } from "@pawl/server";' }, /sdk may not import server/],
  "a type against the table": [
    { "contract/src/a.ts": 'export type { X } from "@pawl/sdk";' },
    /contract may not import sdk/,
  ],
  "a lazy import against the table": [{ "sdk/src/a.ts": 'await import("@pawl/server");' }, /sdk may not import server/],
  "the server at the start of the command": [{ "cli/src/a.ts": 'import "@pawl/server";' }, /lazily/],
  "the testkit outside tests": [{ "server/src/store/a.ts": 'import "@pawl/testkit";' }, /only tests/],
  "a path into another package": [
    { "sdk/src/a.ts": 'import "../../contract/src/ids.ts";', "contract/src/ids.ts": "" },
    /by their name/,
  ],
  "a package that imports itself": [{ "sdk/src/a.ts": 'import "@pawl/sdk";', "sdk/src/index.ts": "" }, /itself/],
  "the store in the engine": [
    { "server/src/engine/a.ts": 'import type { B } from "../store/b.ts";', "server/src/store/b.ts": "" },
    /engine may not import store/,
  ],
  "a library in the engine": [{ "server/src/engine/a.ts": 'import "node:fs";' }, /own ports only/],
  "the database in the API": [{ "server/src/api/a.ts": 'import type { Client } from "pg";' }, /only store\/ may/],
  "main.ts from inside": [{ "server/src/store/a.ts": 'import "../main.ts";', "server/src/main.ts": "" }, /main\.ts/],
  "a cycle": [
    { "sdk/src/a.ts": 'export * from "./b.ts";', "sdk/src/b.ts": 'import { a } from "./a.ts"; export const b = a;' },
    /import cycle: packages\/sdk\/src\/a\.ts → packages\/sdk\/src\/b\.ts → packages\/sdk\/src\/a\.ts/,
  ],
  "zod behind the SDK": [
    { "sdk/src/a.ts": 'import "@pawl/contract/errors";', "contract/src/errors.ts": 'import { z } from "zod";' },
    /loads zod through packages\/contract\/src\/errors\.ts/,
  ],
  "a name that says nothing": [{ "sdk/src/utils.ts": "" }, /name it after what it holds/],
};

for (const [what, [files, message]] of Object.entries(refused)) {
  test(`refuses ${what}`, () => {
    const violations = violationsIn(files);
    assert.equal(violations.length, 1, violations.join("\n"));
    assert.match(violations[0] ?? "", message);
  });
}
