import type * as Fs from "node:fs";
import { isProcessAlive } from "@pawl/contract/process-alive";
import { nodeModule } from "./node-modules.ts";

/** The server of a running `pawl dev`, as it wrote it down for apps beside it. */
export interface DevServer {
  readonly apiUrl: string;
  readonly secretKey: string;
}

/** What became of looking for one. */
export type FoundDevServer =
  | { readonly kind: "found"; readonly server: DevServer }
  | { readonly kind: "absent" }
  | { readonly kind: "unusable"; readonly reason: string };

/**
 * Looks for `.pawl/dev.json` in the working directory and its parents. The nearest one counts; it must belong to the user who
 * runs this process, and the `pawl dev` that wrote it must be alive.
 *
 * @returns the server, or why there is none
 * @example
 * ```ts
 * readDevServer(); // { kind: "found", server: { apiUrl: "http://localhost:3030", secretKey: "tr_dev_…" } }
 * ```
 */
export function readDevServer(): FoundDevServer {
  const fs = nodeModule("node:fs");
  const path = nodeModule("node:path");
  if (fs === null || path === null) return { kind: "absent" };
  let dir = process.cwd();
  for (;;) {
    const file = path.join(dir, ".pawl", "dev.json");
    if (fs.existsSync(file)) return readFile(fs, file);
    const parent = path.dirname(dir);
    if (parent === dir) return { kind: "absent" };
    dir = parent;
  }
}

function readFile(fs: typeof Fs, file: string): FoundDevServer {
  let parsed: unknown;
  try {
    const owner = fs.statSync(file).uid;
    const ownId = process.getuid?.();
    if (ownId !== undefined && owner !== ownId) return unusable(`${file} belongs to another user.`);
    parsed = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    return unusable(`${file} can't be read (${error instanceof Error ? error.message : String(error)}).`);
  }
  if (!isDevFile(parsed)) return unusable(`${file} is incomplete.`);
  if (!isProcessAlive(parsed.pid)) return unusable(`the "pawl dev" that wrote ${file} no longer runs; start it again.`);
  return { kind: "found", server: { apiUrl: parsed.apiUrl.replace(/\/$/, ""), secretKey: parsed.secretKey } };
}

function unusable(reason: string): FoundDevServer {
  return { kind: "unusable", reason };
}

function isDevFile(value: unknown): value is DevServer & { pid: number } {
  if (typeof value !== "object" || value === null) return false;
  const { apiUrl, secretKey, pid } = value as Readonly<Record<string, unknown>>; // any object can be read by name
  return typeof apiUrl === "string" && typeof secretKey === "string" && typeof pid === "number";
}
