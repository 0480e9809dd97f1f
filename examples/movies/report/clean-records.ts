import { z } from "zod";

/** A movie as the report needs it. Sums of money are in US dollars. */
export interface Movie {
  readonly title: string;
  readonly year: number;
  readonly genre: string | null;
  readonly worldwideGross: number | null;
  readonly rating: number | null;
}

/** A record that is no movie, and why. */
export interface SkippedRecord {
  /** Its place among the records, from 0. */
  readonly index: number;
  readonly reason: string;
}

/** What the cleaning gave. */
export interface CleanedRecords {
  readonly movies: readonly Movie[];
  readonly skipped: readonly SkippedRecord[];
  /** How many release dates stood in the wrong century. */
  readonly correctedDates: number;
}

// The collection ends here; a later year was written with two digits and read into the wrong century: 2033 is 1933.
const lastYear = 2011;

const recordSchema = z.object({
  // A title of digits only, such as 1776, has become a number on its way.
  Title: z.union([z.string().min(1), z.number()], "has no title"),
  "Release Date": z.string("has no release date"),
  "Major Genre": z.string().nullable(),
  "Worldwide Gross": z.number().min(0).nullable(),
  "IMDB Rating": z.number().min(0).max(10).nullable(),
});

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * Reads raw records into movies. A record that does not parse is left out and reported, never fatal.
 *
 * @param records - records of the data set `movies.json`
 * @returns the movies, in the order of the records, and what was left out
 */
export function cleanRecords(records: readonly unknown[]): CleanedRecords {
  const movies: Movie[] = [];
  const skipped: SkippedRecord[] = [];
  let correctedDates = 0;
  for (const [index, record] of records.entries()) {
    const parsed = recordSchema.safeParse(record);
    if (!parsed.success) {
      skipped.push({ index, reason: reasonOf(parsed.error) });
      continue;
    }
    const { Title, "Release Date": released, ...rest } = parsed.data;
    const writtenYear = yearOf(released);
    if (writtenYear === null) {
      skipped.push({ index, reason: `"${released}" is no date` });
      continue;
    }
    const isCorrected = writtenYear > lastYear;
    if (isCorrected) correctedDates++;
    movies.push({
      title: String(Title),
      year: isCorrected ? writtenYear - 100 : writtenYear,
      genre: rest["Major Genre"],
      worldwideGross: rest["Worldwide Gross"],
      rating: rest["IMDB Rating"],
    });
  }
  return { movies, skipped, correctedDates };
}

/** The year of a date such as `Jun 12 1998`; null where it is no day of the calendar. */
function yearOf(text: string): number | null {
  const [, monthName = "", day, year] = /^([A-Z][a-z]{2}) (\d{1,2}) (\d{4})$/.exec(text) ?? [];
  const month = months.indexOf(monthName);
  const date = new Date(Date.UTC(Number(year), month, Number(day)));
  return month >= 0 && date.getUTCMonth() === month ? date.getUTCFullYear() : null;
}

function reasonOf(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".") || "the record"}: ${issue.message}`).join("; ");
}
