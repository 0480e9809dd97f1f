import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { newUuid } from "@pawl/contract/ids";
import type { Engine, TriggerRequest } from "../engine/engine.ts";
import type { TriggerOutcome } from "../engine/ports.ts";
import { beginUpload } from "./batch-upload.ts";

/** An upload of lines whose arrays are made when the test says so. */
function uploadOf(lineCount: number, isSequential: boolean) {
  const arrays: { readonly indexes: readonly (number | null | undefined)[]; readonly finish: () => void }[] = [];
  const engine: Pick<Engine, "triggerMany" | "failBatchItems"> = {
    triggerMany(requests: readonly TriggerRequest[]) {
      const { promise, resolve } = Promise.withResolvers<readonly TriggerOutcome[]>();
      const outcomes = requests.map((): TriggerOutcome => ({ kind: "created", runId: newUuid() }));
      arrays.push({ indexes: requests.map(({ batchIndex }) => batchIndex), finish: () => resolve(outcomes) });
      return promise;
    },
    failBatchItems: async () => undefined,
  };
  const project = { projectId: newUuid(), projectRef: "proj", projectName: "p" };
  const environment = { id: newUuid(), slug: "dev", type: "DEVELOPMENT", ...project } as const;
  const upload = beginUpload(engine, {
    environment,
    batchId: newUuid(),
    blobs: { get: async () => null },
    allow: () => undefined,
    isSequential,
    runCount: lineCount,
    indexes: new Set(),
    isAwaited: false,
    isAborted: false,
    parentRunId: null,
  });
  const send = async () => {
    for (let index = 0; index < lineCount; index++) {
      upload.add(JSON.stringify({ index, task: "a" }));
      await upload.ready();
    }
    return upload.finish();
  };
  return { arrays, sent: send() };
}

test("where the order counts, an array is made after the one before is", async () => {
  const { arrays, sent } = uploadOf(600, true);
  for (let n = 1; n <= 3; n++) {
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    assert.equal(arrays.length, n);
    arrays[n - 1]?.finish();
  }
  assert.equal((await sent).accepted, 600);
  assert.deepEqual(
    arrays.flatMap(({ indexes }) => indexes),
    Array.from({ length: 600 }, (_, index) => index),
  );
});

test("where it does not, two arrays are on their way", async () => {
  const { arrays, sent } = uploadOf(600, false);
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  assert.equal(arrays.length, 2);
  for (let n = 0; n < 3; n++) {
    arrays[n]?.finish();
    for (let turn = 0; turn < 20; turn++) await setImmediate();
  }
  assert.equal((await sent).accepted, 600);
});
