import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fitsFilter } from "./body-filter.ts";
import { type ResetFormat, resetTime } from "./reset-time.ts";
import { matchesStatus } from "./status-pattern.ts";

describe("resetTime", () => {
  const nowMs = 1_000_000;
  const cases: readonly [text: string, format: ResetFormat, atMs: number | null][] = [
    ["1700000000", "unix_timestamp", 1_700_000_000_000],
    ["1700000000123", "unix_timestamp_in_ms", 1_700_000_000_123],
    ["2030-01-02T03:04:05Z", "iso_8601", Date.UTC(2030, 0, 2, 3, 4, 5)],
    ["1m30s", "iso_8601_duration_openai_variant", nowMs + 90_000],
    ["450ms", "iso_8601_duration_openai_variant", nowMs + 450],
    ["1h0m7.66s", "iso_8601_duration_openai_variant", nowMs + 3_607_660],
    ["soon", "unix_timestamp", null],
    ["", "unix_timestamp_in_ms", null],
    ["soon", "iso_8601", null],
    ["1x", "iso_8601_duration_openai_variant", null],
  ];
  for (const [text, format, atMs] of cases) {
    test(`reads "${text}" as ${format}`, () => assert.equal(resetTime(text, format, nowMs), atMs));
  }
});

describe("matchesStatus", () => {
  const cases: readonly [pattern: string, status: number, isMatch: boolean][] = [
    ["429", 429, true],
    ["429", 428, false],
    ["500-599", 500, true],
    ["500-599", 600, false],
    ["5xx", 503, true],
    ["5XX", 404, false],
    ["408, 409,5xx", 409, true],
  ];
  for (const [pattern, status, isMatch] of cases) {
    test(`${pattern} ${isMatch ? "names" : "does not name"} ${status}`, () =>
      assert.equal(matchesStatus(pattern, status), isMatch));
  }
});

describe("fitsFilter", () => {
  const body = { error: { type: "rate_limit", code: 7 }, note: null };
  const fitting = [
    {},
    { error: { type: ["rate_limit", "overloaded"] } },
    { error: { type: [{ $anythingBut: "quota" }], code: [{ $gt: 6, $lte: 7 }] } },
    { error: { type: [{ $startsWith: "rate", $endsWith: "limit" }] }, note: [null] },
    { missing: [{ $exists: false }] },
  ];
  for (const filter of fitting) test(`${JSON.stringify(filter)} fits`, () => assert.ok(fitsFilter(filter, body)));
  const others = [
    { error: { type: ["quota"] } },
    { error: { code: [{ $lt: 7 }] } },
    { error: [{ $exists: false }] },
    { missing: { deeper: ["a"] } },
    { error: { type: [{ $anythingBut: ["quota", "rate_limit"] }] } },
  ];
  for (const filter of others) test(`${JSON.stringify(filter)} does not`, () => assert.ok(!fitsFilter(filter, body)));
});
