import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { loadProject } from "./project.ts";
import { ProjectError } from "./project-error.ts";

async function withProject(files: Record<string, string>, body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "pawl-project-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
    }
    await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function saying(...patterns: RegExp[]) {
  return (error: unknown) => {
    assert.ok(error instanceof ProjectError, String(error));
    for (const pattern of patterns) assert.match(error.message, pattern);
    return true;
  };
}

test("task files are those of every folder named trigger, init files first, tests left out", async () => {
  const files = {
    "src/trigger/a.ts": "",
    "src/trigger/init.ts": "",
    "src/trigger/deep/init.ts": "",
    "src/trigger/deep/b.mjs": "",
    "src/trigger/a.test.ts": "",
    "src/trigger/types.d.ts": "",
    "src/trigger/notes.md": "",
    "trigger/c.tsx": "",
    "node_modules/x/trigger/no.ts": "",
    ".hidden/trigger/no.ts": "",
    "elsewhere/no.ts": "",
  };
  await withProject(files, async (dir) => {
    const project = await loadProject(dir);
    assert.equal(project.configPath, null);
    assert.deepEqual(
      project.taskFiles.map((file) => relative(dir, file)),
      [
        "src/trigger/init.ts",
        "src/trigger/a.ts",
        "src/trigger/deep/b.mjs",
        "src/trigger/deep/init.ts",
        "trigger/c.tsx",
      ],
    );
  });
});

test("the configuration names folders and what to leave out", async () => {
  const files = {
    "trigger.config.ts": `const dirs: string[] = ["./jobs"]; export default { dirs, ignorePatterns: ["**/old/**", "draft-*"] };`,
    "jobs/a.test.ts": "",
    "jobs/old/b.ts": "",
    "jobs/draft-c.ts": "",
    "trigger/d.ts": "",
  };
  await withProject(files, async (dir) => {
    const project = await loadProject(dir);
    assert.deepEqual(
      project.taskFiles.map((file) => relative(dir, file)),
      ["jobs/a.test.ts"],
    );
  });
});

test("a project without a task folder is told to make one", async () => {
  await withProject({ "index.ts": "" }, async (dir) => {
    await assert.rejects(loadProject(dir), saying(/no task folder/, /Make a folder named "trigger"/));
  });
});

test("a task folder that the configuration names and that is missing is named", async () => {
  await withProject({ "trigger.config.mjs": `export default { dirs: ["jobs"] };` }, async (dir) => {
    await assert.rejects(loadProject(dir), saying(/task folder jobs/, /trigger\.config\.mjs/, /Create it/));
  });
});

test("a task folder without tasks is named", async () => {
  await withProject({ "trigger/init.ts": "" }, async (dir) => {
    await assert.rejects(loadProject(dir), saying(/no task file in trigger/));
  });
});

test("a configuration that does not parse is told with file and line", async () => {
  await withProject({ "trigger.config.ts": "export default {\n  dirs: [,\n", "trigger/a.ts": "" }, async (dir) => {
    await assert.rejects(loadProject(dir), saying(/trigger\.config\.ts could not be read/, /trigger\.config\.ts:3:1/));
  });
});

test("a configuration that throws is told with the line in the source", async () => {
  const config = `interface Unused {\n  a: string;\n}\n\nthrow new Error("no region");\nexport default {};\n`;
  await withProject({ "trigger.config.ts": config, "trigger/a.ts": "" }, async (dir) => {
    await assert.rejects(
      loadProject(dir),
      saying(/threw while it was loaded: no region \(trigger\.config\.ts:5:\d+\)/),
    );
  });
});

test("a configuration with a wrong setting is told which", async () => {
  await withProject({ "trigger.config.ts": `export default { dirs: "trigger" };`, "trigger/a.ts": "" }, async (dir) => {
    await assert.rejects(loadProject(dir), saying(/is not valid: "dirs"/));
  });
});

test("a setting in another form is told which one is meant", async () => {
  const forms = { dir: "dirs", retry: "retries", maxduration: "maxDuration" };
  for (const [given, meant] of Object.entries(forms)) {
    const files = { "trigger.config.ts": `export default { telemetry: {}, ${given}: [] };`, "trigger/a.ts": "" };
    await withProject(files, async (dir) => {
      await assert.rejects(loadProject(dir), saying(new RegExp(`setting "${given}", .* Did you mean "${meant}"`)));
    });
  }
});

test("a folder that does not exist is named", async () => {
  await assert.rejects(loadProject("/no/such/folder"), saying(/\/no\/such\/folder does not exist/));
});
