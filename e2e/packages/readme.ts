/** A block of code in a document. */
interface Block {
  readonly language: string;
  readonly text: string;
}

/** What a section of the README tells a newcomer to do. */
export interface Walkthrough {
  /** Each block of TypeScript that begins with its own name, as in `// trigger/hello.ts`. */
  readonly files: Readonly<Record<string, string>>;
  /** Each line of the blocks for a shell. */
  readonly commands: readonly string[];
}

/**
 * Reads what a section of a document tells to write and to type.
 *
 * @param document - Markdown
 * @param title - of the section
 * @returns its files and commands, in order
 * @throws Error when there is no such section
 */
export function readWalkthrough(document: string, title: string): Walkthrough {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`The README has no section "${title}".`);
  const blocks = [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", text = ""]): Block => ({ language, text }),
  );
  const files = blocks.flatMap(({ language, text }) => {
    const name = /^\/\/ (\S+)\n/.exec(text)?.[1];
    return language === "ts" && name !== undefined ? [[name, text] as const] : [];
  });
  const commands = blocks.flatMap(({ language, text }) => (language === "sh" ? text.trimEnd().split("\n") : []));
  return { files: Object.fromEntries(files), commands };
}
