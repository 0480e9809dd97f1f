import { idempotencyKeys, logger, schedules } from "@pawl/sdk";
import { readMovies } from "../report/read-movies.ts";
import { moviesReportBuild } from "./movies.ts";

/** Has the report built every morning, and says in a few words what is in it. */
export const moviesReportDaily = schedules.task({
  id: "movies.report.daily",
  description: "Has the report built every morning",
  cron: { pattern: "0 7 * * *", timezone: "Europe/Berlin", overlap: "skip" },
  run: async ({ timestamp, timezone }) => {
    const day = timestamp.toLocaleDateString("en-CA", { timeZone: timezone });
    logger.info("Building the report of a day", { day });
    const records = [...(await readMovies())];
    const options = { tags: `day:${day}`, idempotencyKey: await idempotencyKeys.create("report") };
    const { totals, byGenre } = await moviesReportBuild.triggerAndWait({ records }, options).unwrap();
    return { day, movies: totals.count, largestGenre: byGenre[0]?.genre ?? null };
  },
});
