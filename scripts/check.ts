import { existsSync } from "node:fs";
import { join } from "node:path";
import { runStep, type Step } from "./run-step.ts";
import { rootDir } from "./workspace.ts";

/** Tests that need no database, process or network: they run on every check. */
const pureTests = [
  "examples/{ai-pipeline/document,media/media}/*.test.ts",
  "packages/check/src/**/*.test.ts",
  "packages/cli/src/{payload-argument,program,terminal/*}.test.ts",
  "packages/contract/src/**/*.test.ts",
  "packages/react-hooks/src/*.test.ts",
  "packages/sdk/src/{logger,errors/*,schedules/scheduled-task,tasks/*,trigger/trigger-options,wait/period,client/answer-parser,client/retry-rule}.test.ts",
  "packages/server/src/{config,api/authentication,api/lines,api/outage,api/run-trace}.test.ts",
  "packages/worker/src/{channel/line-splitter,child/thrown-value}.test.ts",
  "packages/worker/src/host/{held-runs,process-death,reporter,retry,run-pace}.test.ts",
  "scripts/**/*.test.ts",
];

/** The programs that use the bench's peers are checked where those are installed, which the bench does. */
const hasPeers = existsSync(join(rootDir, "bench/peers/node_modules/.installed"));

const steps: readonly Step[] = [
  { title: "format and lint", command: "biome", args: ["check", "--error-on-warnings"] },
  { title: "types", command: "tsc", args: ["-p", "."] },
  { title: "types of e2e/browser/page", command: "tsc", args: ["-p", "e2e/browser/page"] },
  ...(hasPeers ? [{ title: "types of bench/peers", command: "tsc", args: ["-p", "bench/peers"] }] : []),
  { title: "unused code", command: "knip", args: [] },
  { title: "import rule", command: "node", args: ["scripts/check-imports.ts"] },
  {
    title: "pure tests",
    command: "node",
    args: ["--conditions=@pawl/source", "--test", "--test-reporter=./scripts/test-reporter.ts", ...pureTests],
  },
];

if (!steps.every(runStep)) process.exitCode = 1;
