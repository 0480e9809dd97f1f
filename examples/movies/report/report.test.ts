import assert from "node:assert/strict";
import { test } from "node:test";
import { buildReport, groupByGenre, totalsOf } from "./build-report.ts";
import { cleanRecords, type Movie } from "./clean-records.ts";
import { readMovies } from "./read-movies.ts";

const record = {
  Title: "The Land Girls",
  "Release Date": "Jun 12 1998",
  "Major Genre": "Drama",
  "Worldwide Gross": 100,
  "IMDB Rating": 6,
};

test("the real data set gives a report, and the one record without a title is left out with its place", async () => {
  const records = await readMovies();
  assert.equal(records.length, 3201);
  const { movies, skipped, correctedDates } = cleanRecords(records);
  assert.equal(movies.length, 3200);
  assert.deepEqual(skipped, [{ index: records.findIndex(hasNoTitle), reason: "Title: has no title" }]);
  assert.equal(correctedDates, 22);
  assert.ok(movies.every((movie) => movie.year >= 1915 && movie.year <= 2011));
  const report = reportOf(movies, 3);
  assert.equal(report.totals.count, 3200);
  assert.equal(sumOf(report.byYear), 3200);
  assert.equal(sumOf(report.byGenre), 3200);
  assert.deepEqual(report.topTitles[0], { title: "Avatar", year: 2009, worldwideGross: 2767891499 });
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
});

test("a title of digits is a title", () => {
  assert.equal(cleanRecords([{ ...record, Title: 1776 }]).movies[0]?.title, "1776");
});

test("a year after the collection's end is of the century before", () => {
  const { movies, correctedDates } = cleanRecords([{ ...record, "Release Date": "Feb 08 2015" }]);
  assert.equal(movies[0]?.year, 1915);
  assert.equal(correctedDates, 1);
});

test("what is no movie is reported, each with its reason", () => {
  const { movies, skipped } = cleanRecords([
    record,
    null,
    { ...record, "Release Date": "Feb 31 1999" },
    { ...record, "Release Date": "1998-06-12" },
    { ...record, "IMDB Rating": 11 },
  ]);
  assert.equal(movies.length, 1);
  assert.deepEqual(
    skipped.map(({ index }) => index),
    [1, 2, 3, 4],
  );
  assert.equal(skipped[1]?.reason, '"Feb 31 1999" is no date');
  assert.match(skipped[3]?.reason ?? "", /^IMDB Rating: /);
});

test("totals leave out what is not known", () => {
  const { movies } = cleanRecords([
    record,
    { ...record, "Worldwide Gross": null, "IMDB Rating": 7.1 },
    { ...record, "Major Genre": null, "IMDB Rating": null },
  ]);
  const report = reportOf(movies, 10);
  assert.deepEqual(report.byGenre, [
    { genre: "Drama", count: 2, worldwideGross: 100, averageRating: 6.6 },
    { genre: null, count: 1, worldwideGross: 100, averageRating: null },
  ]);
  assert.equal(report.topTitles.length, 2);
});

/** As the tasks put it together. */
function reportOf(movies: readonly Movie[], topTitles: number) {
  const byGenre = [...groupByGenre(movies)].map(([genre, group]) => ({ genre, ...totalsOf(group) }));
  return buildReport(movies, byGenre, { topTitles });
}

function hasNoTitle(record: unknown): boolean {
  return typeof record === "object" && record !== null && "Title" in record && record.Title === null;
}

function sumOf(groups: readonly { readonly count: number }[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}
