import { decode, encode } from "fast-png";

/** Pixels from left to right and from top to bottom, three bytes each: red, green, blue. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** How many bytes a pixel has. */
const channels = 3;

/**
 * Reads a PNG of 8 bits a channel, gray or in color; transparency is left out.
 *
 * @param bytes - of the file
 * @returns its pixels
 * @throws Error when it is no such PNG
 */
export function readPng(bytes: Uint8Array): Picture {
  const { width, height, data, depth, channels: found, palette } = decode(bytes);
  if (depth !== 8 || palette !== undefined) throw new Error("Only PNGs of 8 bits a channel can be read");
  const pixels = new Uint8Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      pixels[pixel * channels + channel] = data[pixel * found + (found < channels ? 0 : channel)] ?? 0;
    }
  }
  return { width, height, pixels };
}

/** Writes a picture as a PNG. */
export function writePng({ width, height, pixels }: Picture): Uint8Array {
  return encode({ width, height, data: pixels, depth: 8, channels });
}

/**
 * Makes a picture smaller: each pixel is the mean of those that it stands for.
 *
 * @param picture - the picture
 * @param maxSide - of the longer side, in pixels
 * @returns the smaller one; the same one where it fits already
 */
export function shrink(picture: Picture, maxSide: number): Picture {
  const factor = Math.max(picture.width, picture.height) / maxSide;
  if (factor <= 1) return picture;
  const width = Math.max(1, Math.round(picture.width / factor));
  const height = Math.max(1, Math.round(picture.height / factor));
  const pixels = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.set(meanOf(picture, x, y, factor), (y * width + x) * channels);
  }
  return { width, height, pixels };
}

function meanOf({ width, height, pixels }: Picture, x: number, y: number, factor: number): readonly number[] {
  const sums = [0, 0, 0];
  let count = 0;
  for (let row = Math.floor(y * factor); row < Math.min(height, Math.ceil((y + 1) * factor)); row++) {
    for (let column = Math.floor(x * factor); column < Math.min(width, Math.ceil((x + 1) * factor)); column++) {
      const at = (row * width + column) * channels;
      for (const [channel, sum] of sums.entries()) sums[channel] = sum + (pixels[at + channel] ?? 0);
      count++;
    }
  }
  return sums.map((sum) => Math.round(sum / count));
}
