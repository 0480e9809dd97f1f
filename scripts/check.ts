import { runStep, type Step } from "./run-step.ts";

/** Tests that need no database, process or network: they run on every check. */
const pureTests = [
  "packages/cli/src/{payload-argument,program,terminal/*}.test.ts",
  "packages/contract/src/**/*.test.ts",
  "packages/sdk/src/{logger,errors/*,schedules/scheduled-task,tasks/*,trigger/trigger-options,wait/period,client/answer-parser,client/retry-rule}.test.ts",
  "packages/server/src/{config,api/authentication,api/lines,api/outage,api/run-trace}.test.ts",
  "packages/worker/src/{channel/line-splitter,child/thrown-value}.test.ts",
  "packages/worker/src/host/{held-runs,process-death,reporter,retry,run-pace}.test.ts",
  "scripts/**/*.test.ts",
];

const steps: readonly Step[] = [
  { title: "format and lint", command: "biome", args: ["check", "--error-on-warnings"] },
  { title: "types", command: "tsc", args: ["-p", "."] },
  { title: "unused code", command: "knip", args: [] },
  { title: "import rule", command: "node", args: ["scripts/check-imports.ts"] },
  {
    title: "pure tests",
    command: "node",
    args: ["--conditions=@pawl/source", "--test", "--test-reporter=./scripts/test-reporter.ts", ...pureTests],
  },
];

if (!steps.every(runStep)) process.exitCode = 1;
