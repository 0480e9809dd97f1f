import assert from "node:assert/strict";
import { test } from "node:test";
import { toPublicId } from "@pawl/contract/ids";
import { readPacket } from "@pawl/contract/packet";
import { firePayload } from "./fire-payload.ts";
import { scheduleRecord } from "./fixtures/schedule-record.ts";

const at = new Date("2026-07-01T01:00:00Z");
const hours = (count: number) => new Date(at.getTime() + count * 3_600_000);

test("a run gets its fire, the one before, the following five, and whose they are", () => {
  const common = { timestamp: at, timezone: "UTC", upcoming: [1, 2, 3, 4, 5].map(hours) };
  const first = scheduleRecord({ type: "declarative" });
  const others = [scheduleRecord({ externalId: 'of "user" 1' }), scheduleRecord({ externalId: "2" }), scheduleRecord()];
  assert.deepEqual(readPacket(firePayload(first, at, null)), {
    ...common,
    type: "DECLARATIVE",
    scheduleId: toPublicId("sched", first.id),
  });
  for (const other of others) {
    assert.deepEqual(readPacket(firePayload(other, at, hours(-1))), {
      ...common,
      type: "IMPERATIVE",
      lastTimestamp: hours(-1),
      scheduleId: toPublicId("sched", other.id),
      ...(other.externalId === null ? {} : { externalId: other.externalId }),
    });
  }
});
