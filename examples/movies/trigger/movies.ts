import { logger, schemaTask } from "@pawl/sdk";
import { z } from "zod";
import { buildReport } from "../report/build-report.ts";
import { cleanRecords } from "../report/clean-records.ts";

/** Turns raw movie records into a report: by year, by genre, and the titles with the highest gross. */
export const moviesReportBuild = schemaTask({
  id: "movies.report.build",
  description: "Cleans movie records and sums them up by year and genre",
  schema: z.object({
    records: z.array(z.unknown()).min(1),
    /** How many titles the list of the highest gross has. */
    topTitles: z.int().min(1).max(100).default(5),
  }),
  run: async ({ records, topTitles }) => {
    logger.info("Cleaning records", { records: records.length });
    const { movies, skipped, correctedDates } = cleanRecords(records);
    for (const { index, reason } of skipped) logger.warn("Skipped a record", { index, reason });
    logger.info("Records are clean", { movies: movies.length, skipped: skipped.length, correctedDates });

    const report = buildReport(movies, { topTitles });
    logger.info("Summed up by year", { years: report.byYear.length });
    logger.info("Summed up by genre", { genres: report.byGenre.length });
    return { records: records.length, skipped, correctedDates, ...report };
  },
});
