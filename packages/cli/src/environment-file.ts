import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadEnvFile } from "node:process";

/**
 * Reads a project's `.env` into this process's environment, where there is one. What is set already stays.
 *
 * @param projectDir - absolute path of the project
 */
export function loadEnvironmentFile(projectDir: string): void {
  const path = join(projectDir, ".env");
  if (existsSync(path)) loadEnvFile(path);
}
