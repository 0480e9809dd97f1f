import { nodeModule } from "../client/node-modules.ts";

/**
 * Hashes a text with SHA-256.
 *
 * @param text - the text; its UTF-8 is hashed
 * @returns 64 hexadecimal digits
 * @example
 * ```ts
 * await sha256("abc"); // "ba7816bf…15ad"
 * ```
 */
export async function sha256(text: string): Promise<string> {
  // In place where that is possible: the web's way goes through a thread.
  const crypto = nodeModule("node:crypto");
  if (crypto !== null) return crypto.createHash("sha256").update(text).digest("hex");
  const digest = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
