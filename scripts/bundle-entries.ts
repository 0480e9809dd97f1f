import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { rootDir, type WorkspacePackage } from "./workspace.ts";

const isScript = (path: string) => /\.js(\.map)?$/.test(path);

/**
 * Bundles the entry points of a package that can be imported and required, in place of the modules that the compiler wrote: an app
 * reads some files at its start and not two hundred. The libraries in them are bundled too, since some are ESM only, and their
 * licenses go along. Packages without a `require` condition are left as they are.
 *
 * @param pkg - the package, compiled to `dist/esm`
 * @throws Error when a library that is bundled has no license file
 */
export async function bundleEntries({ dir, manifest }: WorkspacePackage): Promise<void> {
  const entries = Object.values(manifest.exports ?? {})
    .filter((conditions) => "require" in conditions && conditions["@pawl/source"] !== "./src/testing.ts")
    .map((conditions) => join(dir, String(conditions["@pawl/source"])));
  if (entries.length === 0) return;
  const [esm, cjs] = [join(dir, "dist/esm"), join(dir, "dist/cjs")];
  cpSync(esm, cjs, { recursive: true, filter: (path) => !isScript(path) });
  for (const name of globSync("**/*.{js,js.map}", { cwd: esm })) rmSync(join(esm, name));
  const common: BuildOptions = {
    entryPoints: [...new Set(entries)],
    outbase: join(dir, "src"),
    bundle: true,
    target: "node20",
    conditions: ["@pawl/source"],
    sourcemap: true,
    metafile: true,
    absWorkingDir: rootDir,
  };
  // Pages import it too, so that nothing of Node's may be taken for granted.
  const modules: BuildOptions = { format: "esm", splitting: true, platform: "neutral", mainFields: ["module", "main"] };
  const { metafile } = await build({ ...common, ...modules, outdir: esm });
  await build({ ...common, format: "cjs", platform: "node", outdir: cjs });
  const licenses = licensesOf(Object.keys(metafile?.inputs ?? {}));
  for (const [folder, type] of [
    [esm, "module"],
    [cjs, "commonjs"],
  ] as const) {
    writeFileSync(join(folder, "package.json"), `{ "type": "${type}", "sideEffects": false }\n`);
    writeFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), licenses);
  }
}

function licensesOf(inputs: readonly string[]): string {
  const folders = new Set(inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? ""));
  folders.delete("");
  return [...folders].sort().map(licenseOf).join("\n");
}

function licenseOf(folder: string): string {
  const [license] = globSync("{LICENSE,LICENCE,license}*", { cwd: join(rootDir, folder) });
  if (license === undefined) throw new Error(`${folder} is bundled and has no license file`);
  return `${folder.replace(/^.*node_modules\//, "")}\n\n${readFileSync(join(rootDir, folder, license), "utf8")}`;
}
