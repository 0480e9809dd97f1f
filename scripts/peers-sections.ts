import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type KeptPeers, renderFullPage, renderShortPage } from "../bench/peers/report/page.ts";
import { readKeptPeers } from "../bench/peers/report/peers-file.ts";
import { rootDir } from "./workspace.ts";

/** A page with a section about Pawl beside its peers. */
interface PeersPage {
  readonly path: string;
  readonly render: (kept: KeptPeers) => string;
}

const pages: readonly PeersPage[] = [
  { path: join(rootDir, "README.md"), render: renderShortPage },
  { path: join(rootDir, "docs/performance.md"), render: (kept) => renderFullPage(kept, "../bench/results") },
];

const opening = /<!-- peers: .*-->\n/;
const closing = "<!-- end of peers -->";
const nothingKept = "No measurement is kept yet: `npm run bench -- peers` makes one.";

/** A page as it is, and as it should be. */
export interface PageWithPeers {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Puts the last measurement that was kept into the pages that show it, between their markers.
 *
 * @returns the pages that have markers
 */
export function renderPeersSections(): readonly PageWithPeers[] {
  const kept = readKeptPeers();
  return pages
    .filter(({ path }) => existsSync(path))
    .flatMap(({ path, render }) => {
      const before = readFileSync(path, "utf8");
      const begin = opening.exec(before);
      const end = before.indexOf(closing);
      if (begin === null || end === -1) return [];
      const source = kept === null ? "a measurement" : `bench/results/${kept.name}.json`;
      const section = [
        `<!-- peers: written by "npm run docs" from ${source} -->`,
        "",
        kept === null ? nothingKept : render(kept),
        "",
        "",
      ].join("\n");
      return [{ path, before, after: `${before.slice(0, begin.index)}${section}${before.slice(end)}` }];
    });
}
