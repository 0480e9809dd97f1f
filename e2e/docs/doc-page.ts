import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { rootDir } from "../stage/stage.ts";

/** A program in a page, and what the page says that it prints. */
export interface Program {
  readonly file: string;
  readonly prints: string;
}

/** A page of `docs/` with its examples. */
export interface DocPage {
  readonly name: string;
  /** Each block of TypeScript, by the name in its first line; a configuration by that of its page, in `configs/`. */
  readonly files: Readonly<Record<string, string>>;
  /** The blocks of files in `app/`, in order. */
  readonly programs: readonly Program[];
}

/**
 * Reads every page of `docs/`. A block of TypeScript begins with the name of its file; one in `app/` is followed by a block of
 * text, which is what it prints. A configuration, `trigger.config.ts`, is compiled alone: the pages share another one. A block of
 * `tsx`, in `page/`, is compiled as code of a browser.
 *
 * @returns the pages, by name
 * @throws Error for a block without a name, and for a program without a print
 */
export async function readDocPages(): Promise<readonly DocPage[]> {
  const dir = join(rootDir, "docs");
  const names = (await readdir(dir)).filter((name) => name.endsWith(".md")).sort();
  return Promise.all(names.map(async (name) => readDocPage(name, await readFile(join(dir, name), "utf8"))));
}

function readDocPage(name: string, document: string): DocPage {
  const blocks = [...document.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
    language,
    text,
  }));
  const files: Record<string, string> = {};
  const programs: Program[] = [];
  for (const [index, { language, text }] of blocks.entries()) {
    if (language !== "ts" && language !== "tsx") continue;
    if (text.startsWith("// trigger.config.ts\n")) {
      files[`configs/${name}-${index}.ts`] = text;
      continue;
    }
    const file = /^\/\/ ((?:(?:trigger|app)\/\S+\.ts)|page\/\S+\.tsx)\n/.exec(text)?.[1];
    if (file === undefined) throw new Error(`A block of ${name} does not begin with the name of its file:\n${text}`);
    files[file] = text;
    if (!file.startsWith("app/")) continue;
    const next = blocks[index + 1];
    if (next?.language !== "text") throw new Error(`${name} does not say what ${file} prints.`);
    programs.push({ file, prints: next.text });
  }
  return { name, files, programs };
}
