import assert from "node:assert/strict";
import { test } from "node:test";
import { type PlacedMoment, type Step, stagesOf } from "./chain.ts";
import { stageTable } from "./stage-table.ts";

const moment = (atNs: number, label: string, text = ""): PlacedMoment => ({
  role: "server",
  channel: "pawl.message_sent",
  atNs: String(atNs),
  label,
  text,
});

const step = (label: string, isOfRun = false): Step => ({
  stage: `until ${label}`,
  name: label,
  found: { role: "server", channel: "pawl.message_sent", label: new RegExp(`^${label}$`), isOfRun },
});

const given: Step = { stage: "until given", name: "given", found: null };
const passage = { ids: ["run_1"], calledAtNs: 1_000_000n, given: { given: 5_000_000n } };

test("stages lie between the first moments that fit, in their order, and add up to the whole", () => {
  const noted = [
    moment(500_000, "a"),
    moment(2_000_000, "a"),
    moment(3_000_000, "b", "run_2"),
    moment(4_000_000, "b", "run_1"),
  ];
  const lengths = stagesOf([step("a"), step("b", true), given], passage, noted);
  assert.deepEqual(lengths, [1, 2, 1]);
});

test("a passage without one of its moments has no stages, unless the step may be left out", () => {
  const noted = [moment(2_000_000, "a"), moment(6_000_000, "b")];
  assert.equal(stagesOf([step("a"), step("c"), given], passage, noted), null);
  const optional = { ...step("b"), isOptional: true };
  assert.deepEqual(stagesOf([step("a"), optional, given], passage, noted), [1, 0, 3]);
});

test("the means of the rows add up to the mean of the whole", () => {
  const passages = Array.from({ length: 57 }, (_, n) => [n * 0.37, 1 / (n + 1), (n * n) % 7]);
  const { rows, whole, samples, incomplete } = stageTable(["a", "b", "c"], [...passages, null]);
  const sum = rows.reduce((total, { meanMs }) => total + meanMs, 0);
  assert.ok(Math.abs(sum - whole.meanMs) < 1e-9, `${sum} and ${whole.meanMs}`);
  assert.deepEqual([samples, incomplete], [57, 1]);
});

test("a table of few complete samples is refused", () => {
  assert.throws(() => stageTable(["a"], [[1], null]), /Only 1 of 2 samples/);
});
