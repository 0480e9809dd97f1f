import assert from "node:assert/strict";
import { test } from "node:test";
import { openExample } from "./example-stage.ts";

test("the AI pipeline sums up a document piece by piece", async (t) => {
  const example = await openExample(t, "ai-pipeline");
  const long = await example.print("app/summarize.ts");
  assert.match(long, /^4 of 4 pieces$/m);
  assert.match(long, /A ratchet lets a wheel turn one way only\./);
  assert.match(long, /\n4 pieces, 550 tokens\n$/);
  await example.stage.write({ "ai-pipeline/short.txt": "One sentence. Another one." });
  const short = await example.print("app/summarize.ts", "short.txt");
  assert.match(short, /^One sentence\.$/m);
  assert.match(short, /\n1 pieces, 220 tokens\n$/);
});
