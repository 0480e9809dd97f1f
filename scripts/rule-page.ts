import { join } from "node:path";
import type { Rule } from "@pawl/check";
import { rootDir } from "./workspace.ts";

/** Where the page about the rules of `pawl check` stands. */
export const rulePagePath = join(rootDir, "docs", "validations.md");

const introduction = `# Rules for task code

<!-- Written by "npm run docs" from packages/check/src/rules; change it there. -->

**Find mistakes before they run.** \`pawl check\` reads the task files of the project in the current folder, without executing them, and shows
each place with its rule, what is wrong, and what to do:

\`\`\`sh
pawl check                            # all task files of the project
pawl check trigger/mail.ts            # reports on this file alone
pawl check --strict                   # exit code 1 for a warning, too
pawl check --json                     # one JSON value, for programs
\`\`\`

The exit code is 1 when there is an error. An **error** does not work as it is written, a **warning** goes wrong under some circumstances,
and a **hint** is about clarity.

A comment silences a rule on the next line of code. Name the rule, or several joined by commas, and say why:

\`\`\`typescript
// pawl-check-ignore idempotency-key-in-task: another reminder does no harm
await remind.trigger({ user });
\`\`\`

A comment that silences nothing is a warning of its own, \`unused-ignore\`. Code that does not parse is an error, \`syntax\`.
`;

/**
 * Writes the page about the rules of `pawl check` from what the rules say of themselves.
 *
 * @param rules - the rules, in their order
 * @returns the page, in Markdown
 */
export function renderRulePage(rules: readonly Rule[]): string {
  const rows = rules.map(({ name, severity, asks }) => `| [\`${name}\`](#${name}) | ${severity} | ${asks} |`);
  const table = ["| rule | severity | what it asks for |", "|---|---|---|", ...rows].join("\n");
  return [introduction, `${table}\n`, ...rules.map(sectionOf)].join("\n");
}

function sectionOf({ name, asks, why, allows, wrong, right }: Rule): string {
  const exceptions = allows === undefined ? [] : [`It leaves alone: ${lowerFirst(allows)}`];
  const paragraphs = [`**${asks}** ${why}`, ...exceptions];
  return `## ${name}

${paragraphs.join("\n\n")}

Wrong:

\`\`\`typescript
${wrong}\`\`\`

Right:

\`\`\`typescript
${right}\`\`\`
`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
