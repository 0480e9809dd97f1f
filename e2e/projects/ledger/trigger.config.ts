import { defineConfig } from "@pawl/sdk";

export default defineConfig({ project: "proj_ledger", dirs: ["./trigger"], processKeepAlive: true });
