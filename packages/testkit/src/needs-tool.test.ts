import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { findTool } from "./needs-tool.ts";

/** Runs one test that needs `tool` in a Node of its own and gives its report. */
function reportOf(tool: string, tools: string): string {
  const code = `import { testWithTool } from ${JSON.stringify(import.meta.resolve("./needs-tool.ts"))};
    testWithTool(${JSON.stringify(tool)}, "does its work", (path) => { if (path === "") throw new Error("no path"); });`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--test-reporter=tap", "--input-type=module", "--eval", code];
  return spawnSync(process.execPath, args, { encoding: "utf8", env: { ...env, PAWL_TEST_TOOLS: tools } }).stdout;
}

test("finds a program on the PATH", () => assert.match(findTool("sh") ?? "", /\/sh$/));

test("finds no program that is not there", () => assert.equal(findTool("no-such-program"), null));

test("runs a test whose program is there", () => {
  assert.match(reportOf("sh", "required"), /^ok 1 - does its work \(needs sh\)$/m);
});

test("skips a test whose program is missing, with the reason", () => {
  assert.match(reportOf("no-such-program", ""), /^ok 1 - .*needs no-such-program\) # SKIP no-such-program is not/m);
});

test("fails a test whose program is missing where tools are required", () => {
  assert.match(reportOf("no-such-program", "required"), /^not ok 1 - .*\(needs no-such-program\)$/m);
});
