import { defineConfig } from "@pawl/sdk";

export default defineConfig({
  project: "proj_approval",
  dirs: ["./trigger"],
  // A run that waits for a person is parked, and its process executes others meanwhile. They share module-level state.
  processKeepAlive: true,
  retries: { default: { maxAttempts: 3 } },
});
