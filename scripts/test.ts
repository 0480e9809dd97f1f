import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { rootDir } from "./workspace.ts";

// npm test [paths or options of node --test]: all tests, or those of the paths given.
const given = process.argv.slice(2);
const isPath = (argument: string) => !argument.startsWith("-");
const everything = ["{packages,examples,scripts,bench}/**/*.test.ts", "e2e/**/*.test.ts"];
const files = globSync(given.some(isPath) ? given.filter(isPath) : everything, {
  cwd: rootDir,
  exclude: ["**/node_modules", "**/dist", "**/.pawl"],
}).sort();

const result = spawnSync(
  process.execPath,
  [
    "--conditions=@pawl/source",
    "--test",
    "--test-concurrency=2",
    "--test-timeout=180000",
    "--test-reporter=./scripts/test-reporter.ts",
    ...given.filter((argument) => !isPath(argument)),
    ...files,
  ],
  { cwd: rootDir, stdio: "inherit" },
);
process.exitCode = result.status ?? 1;
