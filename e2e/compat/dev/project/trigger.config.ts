import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({
  project: "proj_of_another_server",
  runtime: "node",
  dirs: ["./src/trigger"],
  maxDuration: 60,
  retries: {
    enabledInDev: true,
    default: { maxAttempts: 3, factor: 1, minTimeoutInMs: 100, maxTimeoutInMs: 100, randomize: false },
  },
});
