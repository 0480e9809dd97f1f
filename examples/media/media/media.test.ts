import assert from "node:assert/strict";
import { test } from "node:test";
import { type Picture, readPng, shrink, writePng } from "./picture.ts";
import { drawWaveform, readWav, writeWav } from "./sound.ts";

const picture: Picture = {
  width: 4,
  height: 2,
  pixels: Uint8Array.from({ length: 4 * 2 * 3 }, (_, index) => index * 10),
};

test("a picture is the same after it was written and read", () => {
  assert.deepEqual(readPng(writePng(picture)), picture);
});

test("a smaller picture has the means of the larger one's pixels", () => {
  const { width, height, pixels } = shrink(picture, 2);
  assert.deepEqual({ width, height }, { width: 2, height: 1 });
  assert.equal(pixels[0], Math.round((0 + 30 + 120 + 150) / 4));
  assert.equal(shrink(picture, 4), picture);
});

test("a sound is the same after it was written and read, to 16 bits", () => {
  const samples = Float32Array.from([0, 0.5, -0.5, 1]);
  const read = readWav(writeWav({ sampleRate: 8_000, samples }));
  assert.equal(read.sampleRate, 8_000);
  assert.ok(read.samples.every((sample, index) => Math.abs(sample - (samples[index] ?? 0)) < 0.001));
});

test("a waveform is as high as the sound is loud", () => {
  const samples = Float32Array.from({ length: 100 }, (_, index) => (index < 50 ? 0 : 1));
  const { pixels } = drawWaveform({ sampleRate: 100, samples }, { width: 2, height: 10 });
  const dark = (x: number) =>
    Array.from({ length: 10 }, (_, y) => pixels[(y * 2 + x) * 3]).filter((value) => value === 40);
  assert.deepEqual([dark(0).length, dark(1).length], [0, 10]);
});

test("what is neither is refused", () => {
  assert.throws(() => readPng(new Uint8Array(50)), /png/i);
  assert.throws(() => readWav(new Uint8Array(50)), /no WAV/);
});
