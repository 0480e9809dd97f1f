import { join } from "node:path";
import { build, defaultClientConditions } from "vite";
import { rootDir } from "../stage/stage.ts";

/** The packages whose hooks the page can be built with. */
export type HooksPackage = "@pawl/react-hooks" | "@trigger.dev/react-hooks";

/**
 * Builds the page of `page/`, with React as it is in development: there StrictMode does everything twice.
 *
 * @param hooks - whose hooks its components import
 * @param outDir - where the page is written
 */
export async function buildPage(hooks: HooksPackage, outDir: string): Promise<void> {
  await build({
    root: join(import.meta.dirname, "page"),
    configFile: false,
    logLevel: "error",
    mode: "development",
    base: "./",
    define: { "process.env.NODE_ENV": '"development"' },
    resolve: {
      conditions: ["@pawl/source", ...defaultClientConditions],
      alias: {
        "@pawl/react-hooks": hooks === "@pawl/react-hooks" ? join(rootDir, "packages/react-hooks/src/index.ts") : hooks,
      },
    },
    build: { outDir, emptyOutDir: true, minify: false, chunkSizeWarningLimit: 10_000 },
  });
}
