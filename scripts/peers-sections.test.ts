import assert from "node:assert/strict";
import { test } from "node:test";
import { renderPeersSections } from "./peers-sections.ts";

test('The pages show the last measurement beside the peers; "npm run docs" writes it anew', () => {
  const pages = renderPeersSections();
  assert.ok(pages.some(({ path }) => path.endsWith("README.md")));
  for (const { path, before, after } of pages) assert.equal(before, after, path);
});
