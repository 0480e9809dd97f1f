import { accessSync, constants, globSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";

/** Where Debian keeps tools that it leaves out of the PATH. */
const furtherFolders = ["/usr/sbin", "/sbin", "/usr/lib/postgresql/*/bin"];

/**
 * Finds a program on this machine.
 *
 * @param tool - its name, such as `initdb`
 * @returns its path, or `null` when it is not installed
 * @example
 * ```ts
 * findTool("sh"); // "/usr/bin/sh"
 * ```
 */
export function findTool(tool: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...globSync(furtherFolders).sort().reverse()];
  return folders.map((folder) => join(folder, tool)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Registers a test that needs a program. Its name says so. Where the program is missing, the test is skipped, and fails
 * instead when `PAWL_TEST_TOOLS` is `required`.
 *
 * @param tool - the program's name
 * @param name - the test's name
 * @param body - the test, given the program's path and the test's context
 * @param timeoutMs - how long it may take, in milliseconds; default: as long as any test
 * @example
 * ```ts
 * testWithTool("initdb", "runs on a Postgres of the system", (initdb) => …);
 * ```
 */
export function testWithTool(
  tool: string,
  name: string,
  body: (path: string, t: TestContext) => void | Promise<void>,
  timeoutMs?: number,
): void {
  const fullName = `${name} (needs ${tool})`;
  const path = findTool(tool);
  const isRequired = process.env.PAWL_TEST_TOOLS === "required";
  if (path !== null) void test(fullName, { timeout: timeoutMs }, (t) => body(path, t));
  else if (isRequired) void test(fullName, () => Promise.reject(new Error(`${tool} is not installed`)));
  else void test(fullName, { skip: `${tool} is not installed` }, () => undefined);
}
