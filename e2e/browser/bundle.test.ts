import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build, defaultClientConditions, type Rolldown } from "vite";
import { rootDir } from "../stage/stage.ts";

const mostHooksBytes = 40 * 1024;

/** Bundles all that a package offers, as a page that uses everything would, without React. */
async function bundleOf(entry: string): Promise<Rolldown.OutputChunk> {
  const built = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@pawl/source", ...defaultClientConditions] },
    build: {
      write: false,
      minify: true,
      rolldownOptions: {
        input: join(rootDir, entry),
        preserveEntrySignatures: "strict",
        external: [/^react($|\/)/],
      },
    },
  });
  const outputs = (Array.isArray(built) ? built : [built]) as readonly Rolldown.RolldownOutput[]; // nothing is watched
  const [chunk, ...others] = outputs.flatMap(({ output }) => output);
  assert.equal(others.length, 0);
  assert.ok(chunk?.type === "chunk");
  return chunk;
}

/** Vite puts an empty module in the place of one of Node's. */
function modulesOfNode({ moduleIds, imports }: Rolldown.OutputChunk): readonly string[] {
  return [...moduleIds, ...imports].filter((id) => /browser-external|^node:/.test(id));
}

test("the SDK bundles for a page with nothing of Node's in it", async (t) => {
  const chunk = await bundleOf("packages/sdk/src/index.ts");
  assert.deepEqual(modulesOfNode(chunk), []);
  assert.deepEqual(chunk.imports, []);
  assert.ok(!chunk.moduleIds.some((id) => id.includes("node_modules/zod")));
  t.diagnostic(`${gzipSync(chunk.code).length} bytes by gzip`);
});

test("all hooks together, with what they use of the SDK, have at most 40 KB", async (t) => {
  const chunk = await bundleOf("packages/react-hooks/src/index.ts");
  assert.deepEqual(modulesOfNode(chunk), []);
  assert.deepEqual(chunk.imports, ["react"]);
  const bytes = gzipSync(chunk.code).length;
  t.diagnostic(`${bytes} bytes by gzip`);
  assert.ok(bytes <= mostHooksBytes, `${bytes} bytes`);
});
