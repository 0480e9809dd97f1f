import { defineConfig } from "@pawl/sdk";

export default defineConfig({
  project: "proj_ai_pipeline",
  dirs: ["./trigger"],
  // One process serves run after run: module-level state, such as an HTTP client, is shared by the runs in it.
  processKeepAlive: true,
  // A model that hangs costs nothing but time; a loop around one costs money. No attempt executes longer than five minutes.
  maxDuration: 300,
});
