import type { Picture } from "./picture.ts";

/** Samples of one channel, each from -1 to 1. */
export interface Sound {
  readonly sampleRate: number;
  readonly samples: Float32Array;
}

const headerBytes = 44;

/**
 * Reads a WAV of 16 bits; of several channels the first is taken.
 *
 * @param bytes - of the file
 * @returns its samples
 * @throws Error when it is no such WAV
 */
export function readWav(bytes: Uint8Array): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerBytes || text(view, 0) !== "RIFF" || text(view, 8) !== "WAVE")
    throw new Error("It is no WAV");
  let channels = 1;
  let sampleRate = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = text(view, at);
    const length = view.getUint32(at + 4, true);
    const body = at + 8;
    if (name === "fmt ") {
      channels = view.getUint16(body + 2, true);
      sampleRate = view.getUint32(body + 4, true);
      if (view.getUint16(body + 14, true) !== 16) throw new Error("Only WAVs of 16 bits can be read");
    }
    if (name === "data") {
      const count = Math.floor(Math.min(length, bytes.length - body) / 2 / channels);
      const sampleOf = (_: unknown, index: number) => view.getInt16(body + index * channels * 2, true) / 32_768;
      return { sampleRate, samples: Float32Array.from({ length: count }, sampleOf) };
    }
    at = body + length + (length % 2);
  }
  throw new Error("The WAV has no samples");
}

/** Writes a sound as a WAV of 16 bits. */
export function writeWav({ sampleRate, samples }: Sound): Uint8Array {
  const bytes = new Uint8Array(headerBytes + samples.length * 2);
  const view = new DataView(bytes.buffer);
  const write = (at: number, word: string) => {
    for (const [index, sign] of [...word].entries()) view.setUint8(at + index, sign.charCodeAt(0));
  };
  write(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // plain samples
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, samples.length * 2, true);
  for (const [index, sample] of samples.entries()) view.setInt16(headerBytes + index * 2, sample * 32_767, true);
  return bytes;
}

/**
 * Draws a sound: a column for each part of it, as high as its loudest sample.
 *
 * @param sound - the sound
 * @param size - of the picture, in pixels
 * @returns the picture, dark on white
 */
export function drawWaveform(sound: Sound, size: { readonly width: number; readonly height: number }): Picture {
  const { width, height } = size;
  const pixels = new Uint8Array(width * height * 3).fill(255);
  const perColumn = sound.samples.length / width;
  for (let x = 0; x < width; x++) {
    const part = sound.samples.subarray(Math.floor(x * perColumn), Math.ceil((x + 1) * perColumn));
    const peak = part.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
    const half = Math.round((peak * height) / 2);
    for (let y = Math.floor(height / 2) - half; y < height / 2 + half; y++) {
      if (y >= 0 && y < height) pixels.fill(40, (y * width + x) * 3, (y * width + x + 1) * 3);
    }
  }
  return { width, height, pixels };
}

function text(view: DataView, at: number): string {
  return String.fromCharCode(...Array.from({ length: 4 }, (_, index) => view.getUint8(at + index)));
}
