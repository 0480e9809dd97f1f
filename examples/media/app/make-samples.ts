import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writePng } from "../media/picture.ts";
import { writeWav } from "../media/sound.ts";

// node app/make-samples.ts [folder]: pictures and sounds to try it with, one of them broken.
const [, , folder = "samples"] = process.argv;
await mkdir(folder, { recursive: true });
for (const [name, width, height] of [
  ["sunset", 800, 600],
  ["tower", 400, 900],
] as const) {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, index) => {
    const x = Math.floor(index / 3) % width;
    const y = Math.floor(index / 3 / width);
    return [255 - (y * 200) / height, (x * 180) / width, (y * 255) / height][index % 3] ?? 0;
  });
  await writeFile(join(folder, `${name}.png`), writePng({ width, height, pixels }));
}
const sampleRate = 22_050;
for (const [name, seconds, hertz] of [
  ["bell", 2, 880],
  ["horn", 3, 220],
] as const) {
  const samples = Float32Array.from({ length: seconds * sampleRate }, (_, index) => {
    const at = index / sampleRate;
    return Math.sin(2 * Math.PI * hertz * at) * Math.exp(-2 * (at % 1));
  });
  await writeFile(join(folder, `${name}.wav`), writeWav({ sampleRate, samples }));
}
await writeFile(join(folder, "broken.png"), "This is no picture.");
console.log(`Five files are in ${folder}.`);
