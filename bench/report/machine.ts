import { execFile } from "node:child_process";
import { open, rm, statfs } from "node:fs/promises";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { median } from "../measures/statistics.ts";
import { rootDir } from "../system/product.ts";
import type { System } from "../system/system.ts";

const run = promisify(execFile);

/** What the figures were measured on. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly platform: string;
  readonly kernel: string;
  readonly node: string;
  readonly postgres: string;
  /** Of the repository; `+` behind it: with changes that are not committed. */
  readonly commit: string;
  readonly product: "packed" | "source";
  /** Of the worker; null: its default. */
  readonly processes: number | null;
  /** The type of the file system of the data, as the kernel numbers it. */
  readonly fileSystemType: string;
  /** One write of 8 KiB and its fdatasync in the data folder, in milliseconds: the median. */
  readonly fdatasyncMs: number;
  /** The load averages of 1, 5 and 15 minutes before the first measurement. */
  readonly loadBefore: readonly number[];
}

/** What is measured on a machine. */
export interface MeasuredSystem {
  readonly product: Machine["product"];
  /** The version of Postgres. */
  readonly postgres: string;
  /** The folder of the data, for measuring its disk. */
  readonly dataDir: string;
  /** Run processes of the worker; null: its default. */
  readonly processes: number | null;
}

/**
 * Describes the machine of a system that was started.
 *
 * @param system - the system
 * @param processes - run processes of its worker; null: its default
 * @returns the description
 */
export async function describeMachineOf(
  { client, product, dataDir }: Pick<System, "client" | "product" | "dataDir">,
  processes: number | null = null,
): Promise<Machine> {
  const { rows } = await client.query("show server_version");
  return describeMachine({ product: product.kind, postgres: String(rows[0]?.server_version), dataDir, processes });
}

/**
 * Describes the machine.
 *
 * @param system - what is measured
 * @returns the description
 */
export async function describeMachine(system: MeasuredSystem): Promise<Machine> {
  const { product, postgres, dataDir, processes } = system;
  const { type } = await statfs(dataDir);
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1_000_000),
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
    node: process.version,
    postgres,
    commit: await commit(),
    product,
    processes,
    fileSystemType: `0x${type.toString(16)}`,
    fdatasyncMs: await fdatasyncMs(dataDir),
    loadBefore: loadavg().map((value) => Number(value.toFixed(2))),
  };
}

async function commit(): Promise<string> {
  try {
    const head = await run("git", ["rev-parse", "--short=12", "HEAD"], { cwd: rootDir });
    const changes = await run("git", ["status", "--porcelain", "--untracked-files=no"], { cwd: rootDir });
    return `${head.stdout.trim()}${changes.stdout === "" ? "" : "+"}`;
  } catch {
    return "unknown"; // not a clone
  }
}

async function fdatasyncMs(dir: string): Promise<number> {
  const path = join(dir, "fdatasync.tmp");
  const file = await open(path, "w");
  try {
    const page = Buffer.alloc(8_192, 1);
    const times: number[] = [];
    for (let write = 0; write < 50; write++) {
      const beganAtMs = performance.now();
      await file.write(page, 0, page.length, write * page.length);
      await file.datasync();
      times.push(performance.now() - beganAtMs);
    }
    return Number(median(times).toFixed(3));
  } finally {
    await file.close();
    await rm(path);
  }
}
