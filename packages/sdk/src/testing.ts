/** `@pawl/sdk/testing`: the testing kit. It is built from a package of its own, since it executes runs as run processes do. */
export {
  type ApiRequest,
  openTestKit,
  type RunInput,
  type RunOptions,
  type StartedRun,
  type TestAttempt,
  TestKit,
  type TestKitOptions,
  type TestLog,
  TestRun,
  type TestToken,
} from "@pawl/testing";
