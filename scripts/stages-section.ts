import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readKeptStages } from "../bench/stages/report/kept-stages.ts";
import { renderMarkdown, stagesTables } from "../bench/stages/report/tables.ts";
import { rootDir } from "./workspace.ts";

/** The page with the section about where the time of a run goes. */
export const stagesPagePath = join(rootDir, "docs/performance.md");

const opening = /<!-- stages: .*-->\n/;
const closing = "<!-- end of stages -->";
const nothingKept = "No measurement is kept yet: `npm run bench -- stages` makes one.";

/**
 * Puts the last measurement that was kept between the markers of the page.
 *
 * @returns the page as it is, and as it should be
 * @throws Error when the page has no markers
 */
export function renderStagesSection(): { readonly before: string; readonly after: string } {
  const before = readFileSync(stagesPagePath, "utf8");
  const begin = opening.exec(before);
  const end = before.indexOf(closing);
  if (begin === null || end === -1) throw new Error(`${stagesPagePath} has no markers for the stages.`);
  const kept = readKeptStages();
  const source = kept === null ? "a measurement" : `bench/results/${kept.name}.json`;
  const text = kept === null ? nothingKept : `${kept.conditions}\n\n${renderMarkdown(stagesTables(kept.result))}`;
  const section = `<!-- stages: written by "npm run docs" from ${source} -->\n\n${text}\n\n`;
  return { before, after: `${before.slice(0, begin.index)}${section}${before.slice(end)}` };
}
