import assert from "node:assert/strict";
import { test } from "node:test";
import { toResults } from "./results.ts";
import { renderTable } from "./table.ts";

test("A figure is shown with its spread, and compared with the calibration of the same round", () => {
  const samples = [
    { calibration_http_per_s: 10_000, trigger_single_per_s: 5_000 },
    { calibration_http_per_s: 5_000, trigger_single_per_s: 3_000 },
    { calibration_http_per_s: 8_000, trigger_single_per_s: 4_000 },
  ];
  const results = toResults(samples, new Set(["calibration_http_per_s", "trigger_single_per_s"]));
  assert.deepEqual(results[1], {
    name: "trigger_single_per_s",
    unit: "/s",
    median: 4_000,
    samples: [5_000, 3_000, 4_000],
  });
  const [, , row = ""] = renderTable(results);
  assert.match(
    row,
    /^trigger_single_per_s +4,000 +\/s +50 % +0\.50 × calibration_http +≥ 4,000 +≥ 8,000 +reaches the floor$/,
  );
});

test("Less is better for a latency, and a figure without limits is not judged", () => {
  const samples = [{ start_latency_warm_p50_ms: 5.2, start_latency_cold_ms: 90 }];
  const [, warm = "", cold = ""] = renderTable(
    toResults(samples, new Set(["start_latency_warm_p50_ms", "start_latency_cold_ms"])),
  );
  assert.match(warm, /≤ 5 +≤ 2 +BELOW THE FLOOR$/);
  assert.match(cold, /^start_latency_cold_ms +90 +ms$/);
});
