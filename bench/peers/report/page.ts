import type { JudgedBar } from "../bars.ts";
import { type PeerFigureName, peerFigure } from "../figures.ts";
import { overviewColumns, overviewOf, shortNumber } from "./overview.ts";
import { labelIn, type PeersFile } from "./peers-file.ts";

/** A measurement that was kept. */
export interface KeptPeers {
  /** Of its files in `bench/results`, without their ending. */
  readonly name: string;
  readonly file: PeersFile;
}

const shortFigures: readonly PeerFigureName[] = [
  "end_to_end_per_s",
  "mixed_finished_per_s",
  "start_latency_p50_ms",
  "parent_child_p50_ms",
  "crash_done_s",
  "idle_queries_per_min",
];

/**
 * Tells a measurement to who wants one look at it.
 *
 * @param kept - the measurement
 * @returns Markdown
 */
export function renderShortPage({ file }: KeptPeers): string {
  const columns = overviewColumns.filter(({ figure }) => shortFigures.includes(figure));
  return [
    `Pawl executes each run in a process of its own, keeps its history, and syncs before it answers; most peers execute in the process that fetches. ${conditionsOf(file)}`,
    "",
    ...figureTable(file, columns, ({ role }) => role !== "floor"),
  ].join("\n");
}

/**
 * Tells a measurement in full.
 *
 * @param kept - the measurement
 * @param toResults - the way from the page to `bench/results`
 * @returns Markdown
 */
export function renderFullPage({ name, file }: KeptPeers, toResults: string): string {
  const { contenders, failures, reference } = file;
  const off = reference.rows.filter(({ explanation }) => explanation !== null);
  return [
    conditionsOf(file),
    "",
    `![A bar for each product and figure](${toResults}/${name}.svg)`,
    "",
    ...figureTable(file, overviewColumns, () => true),
    "",
    "A dash: the product does not offer it, or it is not measured of it. A *floor* is no product: it shows what Postgres leaves room for.",
    "",
    "What Pawl has to reach, each as the median of the ratios within a round:",
    "",
    ...markdownTable(
      ["", "beside", "Pawl", "it", "ratio", "at least", "aim", ""],
      file.bars.map((bar) => barRow(file, bar)),
    ),
    "",
    "What each has on and off:",
    "",
    ...contenders.map(
      ({ label, version, settings }) => `- **${label}**${version === null ? "" : ` ${version}`}: ${settings}`,
    ),
    "",
    ...failures.map(
      ({ contender, work, reason }) => `- ${labelIn(file, contender)} failed in \`${work}\`: ${reason.split("\n")[0]}`,
    ),
    ...(failures.length === 0 ? [] : [""]),
    `Whether the peers are set up well: ${reference.rows.length - off.length} of ${reference.rows.length} figures are within 30 % of ${reference.source}; as they are, or beside what the bare table did there and here. Of the others [the results](${toResults}/${name}.txt) say why, and have every sample.`,
  ].join("\n");
}

function conditionsOf({ machine, samples, postgresSettings, versions }: PeersFile): string {
  const { cpu, cores, node, postgres, date, commit } = machine;
  return `Measured on ${date.slice(0, 10)} at ${commit.replace("+", "")}: ${cpu}, ${cores} cores for clients, servers, databases and workers together; Postgres ${postgres.split(" ")[0]} (${postgresSettings.join(", ")}; everything durable), Redis ${versions.redis}, Node ${node.replace("v", "")}; medians of up to ${samples} samples.`;
}

function figureTable(
  file: PeersFile,
  columns: typeof overviewColumns,
  isShown: (contender: PeersFile["contenders"][number]) => boolean,
): readonly string[] {
  const shown = file.contenders.filter(isShown);
  const rows = overviewOf({ ...file, contenders: shown }, columns).map(({ contender, label, cells }) =>
    contender === "pawl" ? [`**${label}**`, ...cells.map((cell) => `**${cell}**`)] : [label, ...cells],
  );
  return markdownTable(["", ...columns.map(({ heading, unit }) => `${heading}, ${unit}`)], rows);
}

function barRow(file: PeersFile, { figure, peer, reached, floor, aim, verdict }: JudgedBar): readonly string[] {
  const { title, unit, isRate } = peerFigure(figure);
  const medianOf = (contender: string) =>
    file.results.find((result) => result.contender === contender && result.figure === figure)?.median;
  const shown = (value: number | undefined) => (value === undefined ? "" : `${shortNumber(value)} ${unit}`);
  const limit = (value: number | undefined) =>
    value === undefined ? "" : `${isRate ? "≥" : "≤"} ${value} ${peer === null ? unit : "×"}`;
  return [
    title,
    peer === null ? "" : labelIn(file, peer),
    shown(medianOf("pawl")),
    peer === null ? "" : shown(medianOf(peer)),
    peer === null ? "" : `${shortNumber(reached)} ×`,
    limit(floor),
    limit(aim),
    verdict,
  ];
}

function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(headings), `|---|${"---:|".repeat(headings.length - 1)}`, ...rows.map(line)];
}
