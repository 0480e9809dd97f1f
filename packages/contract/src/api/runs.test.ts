import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { publicStatuses } from "../run-state.ts";
import { listRunsQuerySchema } from "./runs.ts";

describe("listRunsQuerySchema", () => {
  test("asks for 25 runs by default, of any kind", () => {
    assert.deepEqual(listRunsQuerySchema.parse({}), { "page[size]": 25 });
  });

  test("splits lists at commas, without empty parts", () => {
    assert.deepEqual(listRunsQuerySchema.parse({ "filter[taskIdentifier]": "a,,b," })["filter[taskIdentifier]"], [
      "a",
      "b",
    ]);
    assert.deepEqual(listRunsQuerySchema.parse({ "filter[status]": "" })["filter[status]"], []);
  });

  test("accepts every public status", () => {
    const { "filter[status]": statuses } = listRunsQuerySchema.parse({ "filter[status]": publicStatuses.join(",") });
    assert.deepEqual(statuses, [...publicStatuses]);
  });

  const times: Readonly<Record<string, string>> = {
    "1767225600000": "2026-01-01T00:00:00.000Z",
    "0": "1970-01-01T00:00:00.000Z",
    "2026-01-01": "2026-01-01T00:00:00.000Z",
    "2026-01-01T01:00:00+01:00": "2026-01-01T00:00:00.000Z",
  };
  for (const [text, iso] of Object.entries(times)) {
    test(`reads the time ${text}`, () => {
      const query = listRunsQuerySchema.parse({ "filter[createdAt][from]": text, "filter[createdAt][to]": text });
      assert.equal(query["filter[createdAt][from]"]?.toISOString(), iso);
      assert.equal(query["filter[createdAt][to]"]?.toISOString(), iso);
    });
  }

  for (const [size, taken] of [
    ["1", 1],
    ["100", 100],
  ] as const) {
    test(`accepts a page of ${size}`, () => {
      assert.equal(listRunsQuerySchema.parse({ "page[size]": size })["page[size]"], taken);
    });
  }

  const refused: readonly (readonly [field: string, value: string])[] = [
    ["page[size]", "0"],
    ["page[size]", "101"],
    ["page[size]", "1.5"],
    ["page[size]", "many"],
    ["filter[status]", "DONE"],
    ["filter[status]", "queued"],
    ["filter[createdAt][from]", "yesterday"],
    ["filter[createdAt][to]", "99999999999999999"],
  ];
  for (const [field, value] of refused) {
    test(`refuses ${field}=${value}, and names the field`, () => {
      const { error } = listRunsQuerySchema.safeParse({ [field]: value });
      assert.equal(error?.issues[0]?.path[0], field);
    });
  }
});
