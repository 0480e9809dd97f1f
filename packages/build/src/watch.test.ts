import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { watchProject } from "./watch.ts";

type Seen = { readonly text: string } | { readonly error: unknown };

/** Watches a new project; `next` gives what the watcher tells, in order. */
async function withWatched(body: (dir: string, next: () => Promise<Seen>) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-watch-"));
  await mkdir(join(dir, "trigger"));
  await writeFile(join(dir, "trigger/a.ts"), `console.log("a1");`);
  const seen: Seen[] = [];
  let wake = () => {};
  const tell = (event: Seen) => {
    seen.push(event);
    wake();
  };
  const watcher = watchProject(dir, {
    outDir: join(dir, ".pawl/build"),
    onBundle: async (bundle) => tell({ text: await readFile(bundle.path, "utf8") }),
    onError: (error) => tell({ error }),
  });
  const next = async () => {
    for (;;) {
      const event = seen.shift();
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  try {
    await body(dir, next);
  } finally {
    watcher.stop();
    watcher.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function textOf(event: Seen): string {
  assert.ok("text" in event, "error" in event ? String(event.error) : "");
  return event.text;
}

test("each change of a task file gives a new bundle, also when the file is replaced", { timeout: 20_000 }, async () => {
  await withWatched(async (dir, next) => {
    assert.match(textOf(await next()), /"a1"/);
    await writeFile(join(dir, "trigger/a.ts"), `console.log("a2");`);
    assert.match(textOf(await next()), /"a2"/);
    await writeFile(join(dir, "trigger/a.ts.new"), `console.log("a3");`);
    await rename(join(dir, "trigger/a.ts.new"), join(dir, "trigger/a.ts"));
    assert.match(textOf(await next()), /"a3"/);
  });
});

test("new files, new folders, imported files and the configuration are watched", { timeout: 20_000 }, async () => {
  await withWatched(async (dir, next) => {
    await next();
    await mkdir(join(dir, "trigger/deep"));
    await writeFile(join(dir, "trigger/deep/b.ts"), `console.log("b1");`);
    assert.match(textOf(await next()), /"b1"/);
    await mkdir(join(dir, "lib"));
    await writeFile(join(dir, "lib/c.ts"), `console.log("c1");`);
    await writeFile(join(dir, "trigger/deep/b.ts"), `import "../../lib/c.ts";`);
    assert.match(textOf(await next()), /"c1"/);
    await writeFile(join(dir, "lib/c.ts"), `console.log("c2");`);
    assert.match(textOf(await next()), /"c2"/);
    await writeFile(join(dir, "trigger.config.ts"), `export default { ignorePatterns: ["a.ts"] };`);
    assert.doesNotMatch(textOf(await next()), /"a1"/);
  });
});

test("an error is told, and the way back gives a bundle again", { timeout: 20_000 }, async () => {
  await withWatched(async (dir, next) => {
    await next();
    await writeFile(join(dir, "trigger/a.ts"), "const = 1;");
    assert.ok("error" in (await next()));
    await writeFile(join(dir, "trigger/a.ts"), `console.log("a1");`);
    assert.match(textOf(await next()), /"a1"/);
  });
});
