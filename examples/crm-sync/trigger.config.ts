import { defineConfig } from "@pawl/sdk";

export default defineConfig({
  project: "proj_crm_sync",
  dirs: ["./trigger"],
  // One process serves run after run: module-level state, such as a connection pool, is shared by the runs in it.
  processKeepAlive: true,
  retries: { default: { maxAttempts: 5, minTimeoutInMs: 1_000, factor: 2 } },
});
