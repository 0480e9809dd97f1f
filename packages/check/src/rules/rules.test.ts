import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkFiles } from "../check-files.ts";
import { allRules } from "./all-rules.ts";

const settings = { hasRetryDefault: false, hasMaxDuration: false };

describe("the examples of each rule", () => {
  for (const { name, severity, wrong, right } of allRules) {
    test(name, () => {
      const found = checkFiles([{ path: "trigger/example.ts", text: wrong }], settings);
      assert.deepEqual(
        found.map((finding) => `${finding.severity} ${finding.rule}`),
        [`${severity} ${name}`],
      );
      assert.deepEqual(checkFiles([{ path: "trigger/example.ts", text: right }], settings), []);
    });
  }
});

test("a rule's sentences end, and its name is that of its file", async () => {
  for (const { name, asks, why, allows = "." } of allRules) {
    for (const sentence of [asks, why, allows]) assert.match(sentence, /\.$/, name);
    const module: Record<string, unknown> = await import(`./${name}.ts`);
    assert.ok(
      Object.values(module).some((rule) => allRules.some((known) => known === rule && known.name === name)),
      name,
    );
  }
});
