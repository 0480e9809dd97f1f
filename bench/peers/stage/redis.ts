import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startProgram } from "../../system/child.ts";
import { freePort } from "./free-port.ts";

/** The program, wherever it is installed; null: it is not. */
export const redisProgram: string | null =
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((dir) => join(dir, "redis-server"))
    .find((path) => existsSync(path)) ?? null;

/** What to say where there is none. */
export const howToGetRedis =
  "there is no redis-server; Debian's package redis-server has it (apt-get install redis-server), on a Mac brew install redis.";

/** A Redis with fresh data, which logs every write to disk. */
export interface Redis {
  readonly url: string;
  /** Commands that it has executed. */
  countCommands(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts a Redis.
 *
 * @param dir - where its data and log go
 * @param appendfsync - when it syncs its log: before it answers, or every second
 * @returns the Redis, once it answers
 */
export async function startRedis(dir: string, appendfsync: "always" | "everysec"): Promise<Redis> {
  if (redisProgram === null) throw new Error(`Redis can't start: ${howToGetRedis}`);
  await mkdir(dir, { recursive: true });
  const port = await freePort();
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", dir, "--save", ""];
  const child = startProgram(redisProgram, {
    args: [...args, "--appendonly", "yes", "--appendfsync", appendfsync],
    cwd: dir,
    env: process.env,
    logPath: join(dir, "redis.log"),
  });
  const isUp = async () => (await ask(port, "PING").catch(() => "")).startsWith("+PONG");
  while (!(await isUp())) await Promise.race([delay(20), child.breakdown]);
  return {
    url: `redis://127.0.0.1:${port}`,
    async countCommands() {
      const text = await ask(port, "INFO stats");
      return Number(/total_commands_processed:(\d+)/.exec(text)?.[1]);
    },
    stop: () => child.stop(),
  };
}

/** Sends one inline command on a connection of its own. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(`${command}\r\n`));
    socket.setEncoding("utf8");
    socket.on("data", (piece: string) => {
      text += piece;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
