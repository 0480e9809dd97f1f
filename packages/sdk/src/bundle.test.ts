import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { sdkVersion } from "./version.ts";

const entry = fileURLToPath(new URL("./index.ts", import.meta.url));
const longestImportMs = 40;

test("bundles for a browser, without a module of Node and without zod", async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: "esm",
    platform: "browser",
    conditions: ["@pawl/source"],
  });
  assert.deepEqual(
    Object.keys(metafile.inputs).filter((path) => path.includes("node_modules/zod")),
    [],
  );
  assert.ok((outputFiles[0]?.contents.length ?? 0) < 150_000, `${outputFiles[0]?.contents.length} bytes`);
});

test(`imports in ${longestImportMs} ms`, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "pawl-sdk-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const outfile = join(dir, "sdk.mjs");
  await build({
    entryPoints: [entry],
    bundle: true,
    outfile,
    format: "esm",
    platform: "node",
    conditions: ["@pawl/source"],
  });
  const script = `const start = performance.now(); await import(${JSON.stringify(outfile)}); console.log(performance.now() - start);`;
  const times = Array.from({ length: 5 }, () =>
    Number(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" })),
  );
  assert.ok(Math.min(...times) <= longestImportMs, `${times.map(Math.round).join(", ")} ms`);
});

test("requests name the version of the package", () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.ok(typeof manifest === "object" && manifest !== null && "version" in manifest);
  assert.equal(sdkVersion, manifest.version);
});
