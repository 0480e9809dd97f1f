import { createHash, randomInt } from "node:crypto";

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Neither vowels, so that no words come out, nor what looks alike. */
const typedLetters = "BCDFGHJKLMNPQRSTVWXZ";

/**
 * Makes a text that can't be guessed.
 *
 * @param length - how many letters and digits; 22 are as good as 128 bits
 * @returns the text
 */
export function randomText(length: number): string {
  return draw(letters, length);
}

/**
 * Makes a code that a person types off, such as `ABCD-EFGH`.
 *
 * @param groups - how many groups of four letters; each is worth 17 bits
 * @returns the code
 */
export function randomCode(groups: number): string {
  return Array.from({ length: groups }, () => draw(typedLetters, 4)).join("-");
}

/**
 * Hashes what proves something, so that the database does not hold it.
 *
 * @param secret - a key, a token or a code
 * @returns its SHA-256
 */
export function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function draw(from: string, length: number): string {
  return Array.from({ length }, () => from.charAt(randomInt(from.length))).join("");
}
