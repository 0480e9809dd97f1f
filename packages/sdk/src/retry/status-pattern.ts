/**
 * Says whether a status is one of those that a pattern names.
 *
 * @param pattern - statuses, ranges and classes, separated by commas: `429`, `500-599`, `5xx`
 * @param status - an HTTP status
 * @returns whether it is
 * @throws TypeError when the pattern is none
 */
export function matchesStatus(pattern: string, status: number): boolean {
  return pattern.split(",").some((part) => matchesPart(part.trim(), status));
}

function matchesPart(part: string, status: number): boolean {
  const [, from, to] = /^(\d{3})(?:-(\d{3}))?$/.exec(part) ?? [];
  if (from !== undefined) return status >= Number(from) && status <= Number(to ?? from);
  const [, hundreds] = /^([1-5])xx$/i.exec(part) ?? [];
  if (hundreds !== undefined) return Math.floor(status / 100) === Number(hundreds);
  throw new TypeError(
    `"${part}" in byStatus of retry.fetch is no status: write 429, 500-599, 5xx, or several of them with commas.`,
  );
}
