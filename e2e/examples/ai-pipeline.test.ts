import assert from "node:assert/strict";
import { test } from "node:test";
import { openExample } from "./example-stage.ts";

test("the AI pipeline sums up a document piece by piece", async (t) => {
  const example = await openExample(t, "ai-pipeline");
  const lines = (await example.print("app/summarize.ts")).trimEnd().split("\n");
  assert.equal(lines.at(-1), "A ratchet lets a wheel turn one way only.");
  assert.equal(lines.at(-2), "4 of 4 pieces");
  await example.stage.write({ "ai-pipeline/short.txt": "One sentence. Another one." });
  const short = await example.print("app/summarize.ts", "short.txt");
  assert.match(short, /1 of 1 pieces\nOne sentence\.\n$/);
});
