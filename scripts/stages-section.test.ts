import assert from "node:assert/strict";
import { test } from "node:test";
import { renderStagesSection } from "./stages-section.ts";

test('docs/performance.md shows where the time of a run goes, as last measured; "npm run docs" writes it anew', () => {
  const { before, after } = renderStagesSection();
  assert.equal(before, after);
});
