import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadEnvFile } from "node:process";
import { parseEnv } from "node:util";

/**
 * Reads a project's `.env` into this process's environment, where there is one. What is set already stays.
 *
 * @param projectDir - absolute path of the project
 */
export function loadEnvironmentFile(projectDir: string): void {
  const path = join(projectDir, ".env");
  if (existsSync(path)) loadEnvFile(path);
}

/**
 * Reads the variables of a project's `.env`. Run processes have them before those that the server keeps for the environment, and those
 * before what is set where the worker was started.
 *
 * @param projectDir - absolute path of the project
 * @returns the variables; none without the file
 */
export function readProjectVariables(projectDir: string): Readonly<Record<string, string>> {
  const path = join(projectDir, ".env");
  if (!existsSync(path)) return {};
  const pairs = Object.entries(parseEnv(readFileSync(path, "utf8")));
  return Object.fromEntries(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
