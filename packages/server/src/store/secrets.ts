import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { StartError } from "../start-error.ts";
import type { Database } from "./db.ts";
import { findOrMakeFact } from "./installation.ts";

/** Encrypts what the database may hold only encrypted. */
export interface Secrets {
  /**
   * Encrypts a text.
   *
   * @param purpose - what the text is, such as `api_key`; it opens under the same purpose only
   */
  seal(text: string, purpose: string): Buffer;
  /** Decrypts what {@link Secrets.seal} made; throws when it was changed, or made under another key or purpose. */
  open(sealed: Buffer, purpose: string): string;
}

const algorithm = "aes-256-gcm";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const format = 1; // the first byte of what is sealed

/**
 * Makes the encryption of secrets under a key.
 *
 * @param key - 32 random bytes
 * @returns the encryption, AES-256-GCM with a new nonce for each text
 */
export function createSecrets(key: Buffer): Secrets {
  return {
    seal(text, purpose) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([Buffer.of(format), nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, purpose) {
      if (sealed[0] !== format) throw new Error(`A secret has the unknown format ${sealed[0]}`);
      const nonce = sealed.subarray(1, 1 + nonceBytes);
      const tag = sealed.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(tag);
      const body = sealed.subarray(1 + nonceBytes + tagBytes);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
    },
  };
}

/**
 * Makes the encryption of a database's secrets, and proves that the key is the right one.
 *
 * @param database - holds a check value since its first start
 * @param key - 32 bytes
 * @returns the encryption
 * @throws StartError when the database was begun under another key
 */
export async function openSecrets(database: Database, key: Buffer): Promise<Secrets> {
  const secrets = createSecrets(key);
  const check = await findOrMakeFact(database, "encryption_check", secrets.seal("pawl", "check").toString("base64"));
  try {
    secrets.open(Buffer.from(check, "base64"), "check");
  } catch (error) {
    throw new StartError(
      "PAWL_ENCRYPTION_KEY does not open the secrets of this database: start with the key that it was first started with.",
      { cause: error },
    );
  }
  return secrets;
}

/**
 * Reads an encryption key from a setting.
 *
 * @param text - 32 bytes as 64 hex digits, or in base64
 * @returns the key
 * @throws StartError when the text is no such key
 */
export function parseEncryptionKey(text: string): Buffer {
  const trimmed = text.trim();
  const key = Buffer.from(trimmed, /^[0-9a-f]{64}$/i.test(trimmed) ? "hex" : "base64");
  if (key.length === keyBytes) return key;
  throw new StartError(
    "PAWL_ENCRYPTION_KEY must be 32 bytes, as 64 hex digits or in base64: make one with `openssl rand -hex 32`.",
  );
}

/**
 * Reads the encryption key beside embedded data; the first start makes it.
 *
 * @param path - of the file, which only its owner can read
 * @returns the key
 */
export async function findOrMakeKeyFile(path: string): Promise<Buffer> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${randomBytes(keyBytes).toString("hex")}\n`, { mode: 0o600 });
  try {
    await link(draft, path).catch(() => undefined); // a key that exists stays
  } finally {
    await rm(draft, { force: true });
  }
  return parseEncryptionKey(await readFile(path, "utf8"));
}
