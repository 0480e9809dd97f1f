import type { Movie } from "./clean-records.ts";

/** Movies that have something in common. */
export interface Totals {
  readonly count: number;
  /** In US dollars, of the movies whose gross is known. */
  readonly worldwideGross: number;
  /** Of the movies that have a rating, with one decimal; null where none has. */
  readonly averageRating: number | null;
}

/** What the movies of one genre sum up to. */
export interface GenreTotals extends Totals {
  /** `null`: movies without a genre. */
  readonly genre: string | null;
}

/** What the movies sum up to. */
export interface MovieReport {
  readonly totals: Totals;
  /** By year of release, oldest first. */
  readonly byYear: readonly (Totals & { readonly year: number })[];
  /** By genre, the one with the most movies first; movies without one are under `null`. */
  readonly byGenre: readonly GenreTotals[];
  /** Highest gross first. */
  readonly topTitles: readonly { readonly title: string; readonly year: number; readonly worldwideGross: number }[];
}

/**
 * Parts movies by their genre.
 *
 * @param movies - clean records
 * @returns the movies of each genre; those without one stand under `null`
 */
export function groupByGenre(movies: readonly Movie[]): ReadonlyMap<string | null, readonly Movie[]> {
  return grouped(movies, (movie) => movie.genre);
}

/**
 * Sums up movies that have something in common.
 *
 * @param movies - clean records
 * @returns their totals
 */
export function totalsOf(movies: readonly Movie[]): Totals {
  const ratings = movies.flatMap(({ rating }) => (rating === null ? [] : [rating]));
  const sum = ratings.reduce((total, rating) => total + rating, 0);
  return {
    count: movies.length,
    worldwideGross: movies.reduce((total, movie) => total + (movie.worldwideGross ?? 0), 0),
    averageRating: ratings.length === 0 ? null : Math.round((sum / ratings.length) * 10) / 10,
  };
}

/**
 * Puts a report together from all movies and the sums of each genre.
 *
 * @param movies - clean records
 * @param byGenre - what each genre sums up to
 * @param options - `topTitles`: the length of the list of the highest gross
 * @returns the report, plain JSON
 * @example
 * ```ts
 * buildReport(movies, byGenre, { topTitles: 5 }).byGenre[0]; // { genre: "Drama", count: 789, … }
 * ```
 */
export function buildReport(
  movies: readonly Movie[],
  byGenre: readonly GenreTotals[],
  options: { readonly topTitles: number },
): MovieReport {
  const byYear = grouped(movies, (movie) => movie.year);
  const withGross = movies.flatMap(({ title, year, worldwideGross }) =>
    worldwideGross === null ? [] : [{ title, year, worldwideGross }],
  );
  return {
    totals: totalsOf(movies),
    byYear: [...byYear].map(([year, group]) => ({ year, ...totalsOf(group) })).sort((a, b) => a.year - b.year),
    byGenre: byGenre.toSorted((a, b) => b.count - a.count),
    topTitles: withGross.sort((a, b) => b.worldwideGross - a.worldwideGross).slice(0, options.topTitles),
  };
}

function grouped<Key>(movies: readonly Movie[], keyOf: (movie: Movie) => Key): Map<Key, Movie[]> {
  const groups = new Map<Key, Movie[]>();
  for (const movie of movies) {
    const key = keyOf(movie);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [movie]);
    else group.push(movie);
  }
  return groups;
}
