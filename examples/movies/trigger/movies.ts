import { idempotencyKeys, logger, queue, schemaTask, task, wait } from "@pawl/sdk";
import { z } from "zod";
import { buildReport, type GenreTotals, groupByGenre, totalsOf } from "../report/build-report.ts";
import { cleanRecords, type Movie } from "../report/clean-records.ts";

/** At most four sums at once, however many reports are being built. */
const sums = queue({ name: "movies.sums", concurrencyLimit: 4 });

/** Sums up the movies of one genre. */
export const moviesGenreSum = task({
  id: "movies.genre.sum",
  description: "Sums up the movies of one genre",
  queue: sums,
  run: async ({ genre, movies }: { genre: string | null; movies: readonly Movie[] }): Promise<GenreTotals> => {
    const totals = totalsOf(movies);
    logger.info("Summed up", { genre: genre ?? "(none)", movies: totals.count });
    return { genre, ...totals };
  },
});

/** Turns raw movie records into a report: by year, by genre, and the titles with the highest gross. */
export const moviesReportBuild = schemaTask({
  id: "movies.report.build",
  description: "Cleans movie records, has each genre summed up by a run of its own, and waits for an approval",
  schema: z.object({
    records: z.array(z.unknown()).min(1),
    /** How many titles the list of the highest gross has. */
    topTitles: z.int().min(1).max(100).default(5),
    /** The id of a token that has to be completed before the report is given out; absent: nobody is asked. */
    approval: z.string().optional(),
  }),
  run: async ({ records, topTitles, approval }) => {
    logger.info("Cleaning records", { records: records.length });
    const { movies, skipped, correctedDates } = cleanRecords(records);
    for (const { index, reason } of skipped) logger.warn("Skipped a record", { index, reason });
    logger.info("Records are clean", { movies: movies.length, skipped: skipped.length, correctedDates });

    const items = [...groupByGenre(movies)].map(([genre, group]) => ({ payload: { genre, movies: group } }));
    const idempotencyKey = await idempotencyKeys.create("sums"); // another attempt has the sums that are there
    const { runs } = await moviesGenreSum.batchTriggerAndWait(items, { idempotencyKey });
    const byGenre = runs.map((run) => {
      if (!run.ok) throw run.error;
      return run.output;
    });
    const report = buildReport(movies, byGenre, { topTitles });
    logger.info("The report is ready", { years: report.byYear.length, genres: report.byGenre.length });

    const approvedBy = approval === undefined ? null : await askFor(approval);
    return { records: records.length, skipped, correctedDates, approvedBy, ...report };
  },
});

/** Waits for a person, for as long as the token lives, and holds no slot meanwhile. */
async function askFor(tokenId: string): Promise<string> {
  logger.info("Waiting for an approval", { token: tokenId });
  const { by } = await wait.forToken<{ by: string }>(tokenId).unwrap();
  logger.info("Approved", { by });
  return by;
}
