import { defineConfig } from "@pawl/sdk";

export default defineConfig({
  project: "proj_engine",
  dirs: ["./trigger"],
  // The environment's own word lets a test have a process for each run.
  processKeepAlive: process.env.PAWL_E2E_KEEP_ALIVE !== "false",
  retries: { default: { maxAttempts: 4, minTimeoutInMs: 40, maxTimeoutInMs: 40, factor: 1, randomize: false } },
});
