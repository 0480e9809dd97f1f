import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatDuration, parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  const durations: Readonly<Record<string, number | null>> = {
    "1h52m18s": 6_738_000,
    "1s": 1_000,
    "0s": 0,
    "90m": 5_400_000,
    "2h": 7_200_000,
    "2hr": 7_200_000,
    "1d": 86_400_000,
    "1w": 604_800_000,
    "1w2d3h4m5s": 788_645_000,
    "1w5s": 604_805_000,
    "": null,
    "90": null,
    s: null,
    "1s1m": null,
    "1h 5m": null,
    " 1s": null,
    "1.5h": null,
    "-1s": null,
    "1ms": null,
    "1H": null,
    "1s\n": null,
    "99999999999999999999w": null,
  };
  for (const [text, lengthMs] of Object.entries(durations)) {
    test(`reads ${JSON.stringify(text)} as ${lengthMs}`, () => assert.equal(parseDuration(text), lengthMs));
  }
});

describe("formatDuration", () => {
  const texts: readonly (readonly [number, string])[] = [
    [0, "0 ms"],
    [0.4, "0 ms"],
    [850, "850 ms"],
    [999, "999 ms"],
    [999.6, "1.0 s"],
    [1_000, "1.0 s"],
    [2_449, "2.4 s"],
    [59_900, "59.9 s"],
    [59_990, "1m 0s"],
    [60_000, "1m 0s"],
    [200_000, "3m 20s"],
    [3_599_400, "59m 59s"],
    [3_599_500, "1h 0m"],
    [3_900_000, "1h 5m"],
    [90_000_000, "25h 0m"],
  ];
  for (const [lengthMs, text] of texts) {
    test(`writes ${lengthMs} as ${text}`, () => assert.equal(formatDuration(lengthMs), text));
  }
});
