import { defineConfig } from "@pawl/sdk";

export default defineConfig({
  project: "proj_media",
  dirs: ["./trigger"],
  // One process serves run after run; the next picture does not wait for a process to start.
  processKeepAlive: true,
  machine: "small-1x",
  retries: { default: { maxAttempts: 2, minTimeoutInMs: 1_000 } },
});
