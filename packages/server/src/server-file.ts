import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What `server.json` tells other programs of this machine and user. */
export interface ServerFile {
  readonly apiUrl: string;
  readonly pid: number;
  readonly environments: Readonly<Record<string, { readonly secretKey: string }>>;
}

/**
 * Writes `server.json` into the data folder, readable by its owner only.
 *
 * @param dataDir - the data folder
 * @param content - what to write
 * @returns removes the file; safe twice
 */
export async function writeServerFile(dataDir: string, content: ServerFile): Promise<() => Promise<void>> {
  const path = join(dataDir, "server.json");
  const draft = `${path}.${process.pid}`;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path); // a reader sees the whole file or none
  return () => rm(path, { force: true });
}
