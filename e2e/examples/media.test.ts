import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readPng } from "../../examples/media/media/picture.ts";
import { openExample } from "./example-stage.ts";

test("previews are made of pictures and sounds, and a broken file is told", async (t) => {
  const example = await openExample(t, "media");
  await example.print("app/make-samples.ts");
  const printed = await example.print("app/album.ts");
  const made = [...printed.matchAll(/^made (.+)$/gm)].map(([, file = ""]) => file);
  const previewOf = (name: string) => join(example.dir, "samples", "previews", `${name}.png`);
  assert.deepEqual(made, ["sunset", "tower", "bell", "horn"].map(previewOf));
  assert.match(printed, /^skipped: broken\.png can't be read: .+$/m);
  const sizes = await Promise.all(made.map(async (file) => readPng(await readFile(file))));
  assert.deepEqual(
    sizes.map(({ width, height }) => [width, height]),
    [
      [128, 96],
      [57, 128],
      [256, 64],
      [256, 64],
    ],
  );
});
