import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { allRules } from "@pawl/check";
import { renderRulePage, rulePagePath } from "./rule-page.ts";

test('docs/validations.md says what the rules do; "npm run docs" writes it anew', () => {
  assert.equal(readFileSync(rulePagePath, "utf8"), renderRulePage(allRules));
});
