import assert from "node:assert/strict";
import { test } from "node:test";
import { bulkFilterSchema } from "@pawl/contract/api/bulk-actions";
import { listRunsQuerySchema } from "@pawl/contract/api/runs";
import { isEmptyFilter, type RunFilter, toBulkFilter, toRunQuery } from "./run-filter.ts";

const filter: Required<RunFilter> = {
  statuses: ["QUEUED", "DELAYED"],
  taskIds: ["mail.send"],
  queues: ["task/mail.send"],
  tags: ["a", "b"],
  versions: ["20260102.1"],
  schedule: "sched_1",
  batch: "batch_1",
  bulkAction: "bulk_1",
  period: "7d",
  from: new Date("2026-01-02T00:00:00Z"),
  to: new Date("2026-01-03T00:00:00Z"),
};

test("lists and bulk actions know every field of a filter", () => {
  const query = Object.fromEntries(toRunQuery(filter));
  const known = Object.keys(listRunsQuerySchema.shape);
  assert.deepEqual(
    Object.keys(query).filter((name) => !known.includes(name)),
    [],
  );
  assert.equal(Object.keys(query).length, Object.keys(filter).length);
  assert.equal(query["filter[status]"], "QUEUED,DELAYED");
  assert.equal(query["filter[createdAt][from]"], "2026-01-02T00:00:00.000Z");
  const bulk = bulkFilterSchema.parse(toBulkFilter(filter));
  assert.equal(Object.values(bulk).filter((value) => value !== undefined).length, Object.keys(filter).length);
});

test("a filter whose fields are all left out is empty", () => {
  assert.equal(isEmptyFilter({ statuses: undefined, from: undefined }), true);
  assert.equal(isEmptyFilter({ statuses: undefined, period: "7d" }), false);
  assert.deepEqual(toBulkFilter({ taskIds: undefined }), {});
  assert.equal(toRunQuery({ taskIds: undefined }).size, 0);
});
