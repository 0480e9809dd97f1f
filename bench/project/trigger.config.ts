import { defineConfig } from "@pawl/sdk";

export default defineConfig({
  project: "proj_bench",
  dirs: ["./trigger"],
  processKeepAlive: true,
});
