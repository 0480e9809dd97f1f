import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openStage, rootDir } from "../stage/stage.ts";
import { exampleNames, examplePageNames, exampleTask } from "./example-names.ts";
import { type DocExample, type PublicDocs, readPublicDocs } from "./public-docs.ts";

/** What is public, by the name under which it is imported. */
const entries = {
  "@pawl/sdk": "packages/sdk/src/index.ts",
  "@pawl/sdk/ai": "packages/sdk/src/ai.ts",
  "@pawl/sdk/testing": "packages/sdk/src/testing.ts",
  "@pawl/react-hooks": "packages/react-hooks/src/index.ts",
  "@pawl/build/extensions": "packages/build/src/extensions/index.ts",
  "@pawl/build/extensions/audioWaveform": "packages/build/src/extensions/audio-waveform.ts",
  "@pawl/build/extensions/core": "packages/build/src/extensions/core.ts",
  "@pawl/build/extensions/lightpanda": "packages/build/src/extensions/lightpanda.ts",
  "@pawl/build/extensions/playwright": "packages/build/src/extensions/playwright.ts",
  "@pawl/build/extensions/prisma": "packages/build/src/extensions/prisma.ts",
  "@pawl/build/extensions/puppeteer": "packages/build/src/extensions/puppeteer.ts",
  "@pawl/build/extensions/python": "packages/build/src/extensions/python.ts",
} as const;

const compilerOptions = {
  extends: join(rootDir, "tsconfig.json"),
  compilerOptions: {
    typeRoots: [join(rootDir, "node_modules", "@types")],
    // An example may define what it does not use.
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
  include: ["."],
  exclude: ["node_modules", "page"],
};

/** Examples of what is for browsers. */
const pageCompilerOptions = {
  extends: "../tsconfig.json",
  compilerOptions: { lib: ["es2024", "dom", "dom.iterable"], jsx: "react-jsx" },
  include: ["."],
  exclude: [],
};

test("every public value has an example, and every example compiles", async (t) => {
  const docs = new Map<string, PublicDocs>();
  for (const [name, entry] of Object.entries(entries)) docs.set(name, await readPublicDocs(entry));

  await t.test("every value and each of its calls has one", () => {
    assert.deepEqual(
      [...docs.values()].flatMap(({ undocumented }) => undocumented),
      [],
    );
  });

  await t.test("they compile", async () => {
    const stage = await openStage(t);
    const files: Record<string, string> = {
      "tsconfig.json": JSON.stringify(compilerOptions),
      "package.json": JSON.stringify({ type: "module" }),
      "names.d.ts": exampleNames,
      "trigger/hello.ts": exampleTask,
      "page/tsconfig.json": JSON.stringify(pageCompilerOptions),
      "page/names.d.ts": examplePageNames,
    };
    for (const { examples } of docs.values()) {
      for (const example of examples) files[nameOf(example)] = moduleOf(example, docs);
    }
    const projectDir = await stage.project("examples", files);
    const compiler = join(rootDir, "node_modules", "typescript", "bin", "tsc");
    for (const dir of [projectDir, join(projectDir, "page")]) {
      const compiled = await stage.node([compiler, "-p", dir], { cwd: projectDir }).finished();
      assert.equal(compiled.ending?.code, 0, inSource(compiled.stdout));
    }
  });
});

/** A file for each example, in which its code stands in the line that it has in its source. */
function nameOf({ file, line, language }: DocExample): string {
  const folder = file.startsWith("packages/react-hooks/") ? "page/" : "";
  return `${folder}${file.replaceAll("/", "~").replace(/\.tsx?$/, "")}~${line}.${language === "tsx" ? "tsx" : "ts"}`;
}

/** What a compiler says, with the places in the sources. */
function inSource(report: string): string {
  return report.replaceAll(
    /(?:page\/)?([\w.-]+(?:~[\w.-]+)+)~\d+\.tsx?\((\d+),/g,
    (_place, file: string, line: string) => {
      return `${file.replaceAll("~", "/")}.ts(${line},`;
    },
  );
}

/** The code of an example as a module, which imports what is public under the name that it has where the example is. */
function moduleOf({ file, line, code }: DocExample, docs: ReadonlyMap<string, PublicDocs>): string {
  const all = [...docs];
  const isOwn = ([name]: readonly [string, PublicDocs]) => file.includes(name.replace("@pawl/", "packages/"));
  const ordered = [...all.filter(isOwn), ...all.filter((entry) => !isOwn(entry))];
  const imported = new Set<string>();
  const imports = ordered.map(([from, { names }]) => {
    const used = [...names].filter(([name]) => !imported.has(name) && isUsed(name, code) && !isDeclared(name, code));
    for (const [name] of used) imported.add(name);
    const list = used.map(([name, kind]) => (kind === "type" ? `type ${name}` : name));
    return list.length === 0 ? "" : `import { ${list.join(", ")} } from "${from}"; `;
  });
  return `${imports.join("")}export {};${"\n".repeat(line - 1)}${code}\n`;
}

function isUsed(name: string, code: string): boolean {
  return new RegExp(`(?<![.\\w$"'\`/])${name}\\b(?!["'\`]|: )`).test(code);
}

/** Declared, or imported, by the example itself. */
function isDeclared(name: string, code: string): boolean {
  return new RegExp(
    `\\b(?:const|let|import|function|class)\\b(?:(?!\\bof\\b)[^=;()])*(?<!: *)\\b${name}\\b[^=;]*(?:=|from)`,
  ).test(code);
}
