import { chmodSync, copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { bundleEntries } from "./bundle-entries.ts";
import { runStep } from "./run-step.ts";
import { listPackages, rootDir, type WorkspacePackage } from "./workspace.ts";

/**
 * Builds every package that is published: ESM with types in `dist/`, and where the package's exports have a `require`
 * condition both as bundles.
 *
 * @throws Error when a package does not compile; the compiler's output is printed before
 */
export async function buildPackages(): Promise<void> {
  for (const pkg of listPackages()) {
    if (pkg.manifest.private === true) continue;
    rmSync(join(pkg.dir, "dist"), { recursive: true, force: true });
    const args = ["-p", join(pkg.dir, "tsconfig.build.json")];
    if (!runStep({ title: `build ${pkg.folder}`, command: "tsc", args }))
      throw new Error(`${pkg.folder} does not compile`);
    copyMigrations(pkg);
    copyInvariants(pkg);
    await bundleEntries(pkg);
    makeExecutable(pkg);
    copyFileSync(join(rootDir, "LICENSE"), join(pkg.dir, "LICENSE"));
  }
  await buildTestingKit();
}

/**
 * The testing kit is published as `@pawl/sdk/testing`. It executes runs with code of the worker, which depends on the SDK: so it
 * is a package of its own here, and a bundle in the SDK.
 */
async function buildTestingKit(): Promise<void> {
  const [testing, sdk] = [join(rootDir, "packages/testing"), join(rootDir, "packages/sdk")];
  const args = ["-p", join(testing, "tsconfig.build.json")];
  if (!runStep({ title: "build testing", command: "tsc", args })) throw new Error("testing does not compile");
  cpSync(join(sdk, "dist/esm/testing"), join(sdk, "dist/cjs/testing"), { recursive: true });
  for (const format of ["esm", "cjs"] as const) {
    await build({
      entryPoints: [join(testing, "src/index.ts")],
      outfile: join(sdk, "dist", format, "testing/index.js"),
      bundle: true,
      platform: "node",
      format,
      target: "node20",
      conditions: ["@pawl/source"],
      // A project has them as the SDK, and its dependency.
      external: format === "esm" ? ["@pawl/sdk", "@pawl/contract"] : ["@pawl/sdk"],
      sourcemap: true,
      absWorkingDir: rootDir,
    });
  }
}

function copyMigrations({ dir }: WorkspacePackage): void {
  for (const name of globSync("**/*.sql", { cwd: join(dir, "src") })) {
    const target = join(dir, "dist", name);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(dir, "src", name), target);
  }
}

/** The server checks them on a live system; they stand beside the module that reads them. */
function copyInvariants({ dir, folder }: WorkspacePackage): void {
  if (folder === "server") copyFileSync(join(rootDir, "INVARIANTS.md"), join(dir, "dist/store/INVARIANTS.md"));
}

function makeExecutable({ dir, manifest }: WorkspacePackage): void {
  for (const path of new Set(Object.values(manifest.bin ?? {}))) {
    const file = join(dir, path);
    if (!readFileSync(file, "utf8").startsWith("#!/usr/bin/env node\n")) throw new Error(`${file} has no shebang`);
    chmodSync(file, 0o755);
  }
}

if (import.meta.main) {
  await buildPackages().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
