export type { RunOptions } from "./memory-run.ts";
export type { ApiRequest } from "./test-api.ts";
export {
  openTestKit,
  type RunInput,
  type StartedRun,
  TestKit,
  type TestKitOptions,
  type TestToken,
} from "./test-kit.ts";
export { type TestAttempt, type TestLog, TestRun } from "./test-run.ts";
