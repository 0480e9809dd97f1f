import type { Movie } from "./clean-records.ts";

/** Movies that have something in common. */
export interface Totals {
  readonly count: number;
  /** In US dollars, of the movies whose gross is known. */
  readonly worldwideGross: number;
  /** Of the movies that have a rating, with one decimal; null where none has. */
  readonly averageRating: number | null;
}

/** What the movies sum up to. */
export interface MovieReport {
  readonly totals: Totals;
  /** By year of release, oldest first. */
  readonly byYear: readonly (Totals & { readonly year: number })[];
  /** By genre, the one with the most movies first; movies without one are under `null`. */
  readonly byGenre: readonly (Totals & { readonly genre: string | null })[];
  /** Highest gross first. */
  readonly topTitles: readonly { readonly title: string; readonly year: number; readonly worldwideGross: number }[];
}

/**
 * Sums movies up by year and by genre.
 *
 * @param movies - clean records
 * @param options - `topTitles`: the length of the list of the highest gross
 * @returns the report, plain JSON
 * @example
 * ```ts
 * buildReport(movies, { topTitles: 5 }).byGenre[0]; // { genre: "Drama", count: 789, … }
 * ```
 */
export function buildReport(movies: readonly Movie[], options: { readonly topTitles: number }): MovieReport {
  const byYear = grouped(movies, (movie) => movie.year);
  const byGenre = grouped(movies, (movie) => movie.genre);
  const withGross = movies.flatMap(({ title, year, worldwideGross }) =>
    worldwideGross === null ? [] : [{ title, year, worldwideGross }],
  );
  return {
    totals: totalsOf(movies),
    byYear: [...byYear].map(([year, group]) => ({ year, ...totalsOf(group) })).sort((a, b) => a.year - b.year),
    byGenre: [...byGenre].map(([genre, group]) => ({ genre, ...totalsOf(group) })).sort((a, b) => b.count - a.count),
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

function totalsOf(movies: readonly Movie[]): Totals {
  const ratings = movies.flatMap(({ rating }) => (rating === null ? [] : [rating]));
  const sum = ratings.reduce((total, rating) => total + rating, 0);
  return {
    count: movies.length,
    worldwideGross: movies.reduce((total, movie) => total + (movie.worldwideGross ?? 0), 0),
    averageRating: ratings.length === 0 ? null : Math.round((sum / ratings.length) * 10) / 10,
  };
}
