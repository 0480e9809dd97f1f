import assert from "node:assert/strict";
import { test } from "node:test";
import { assertBounded, indexesOf, plansOf } from "../runs/fixtures/plans.ts";
import { addChunks } from "./append.ts";
import { streamStage } from "./fixtures/stream-stage.ts";
import { completeInputWaits } from "./input-waits.ts";
import { readRecords } from "./read.ts";
import { keepRunsAlive, lockStreams, makeStreams } from "./stream-rows.ts";

const streamCount = 50_000;

test(`with ${streamCount} streams each statement looks only at what it is for`, async (t) => {
  const stage = await streamStage(t);
  const claims = [await stage.executing(), await stage.executing()];
  const refs = claims.flatMap(({ runId }) => [stage.output(runId), stage.input(runId)]);
  for (const ref of refs) await stage.append(ref, ["1", "2", "3"], { clientId: "w", firstIndex: 0 });
  const { id } = stage.environment;
  const client = await stage.database.connect();
  await client.query(`
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, due_at)
      select '${id}', gen_random_uuid(), 'delayed', 'a', 'task/a', 1, now() + interval '1 day'
      from generate_series(1, ${streamCount});
    insert into stream (environment_id, run_id, is_input, key, id, chunk_count, byte_count)
      select environment_id, run_id, run_id::text < '8', 'tokens',
             (substr((select id::text from stream limit 1), 1, 14) || substr(run_id::text, 15))::uuid, 2, 2
      from live_run where state = 'delayed';
    insert into stream_chunk (environment_id, stream_id, seq, at, data)
      select environment_id, id, n, now(), '1' from stream, generate_series(0, 1) n where byte_count = 2;
    insert into stream_writer (environment_id, stream_id, client_id, next_index)
      select environment_id, id, 'w', 2 from stream where byte_count = 2;
    insert into waitpoint (environment_id, id, kind, input_stream_id, input_seq)
      select environment_id, gen_random_uuid(), 'token', id, 2 from stream where byte_count = 2`);
  await client.end();
  stage.onEnd(async () => {
    await stage.sql("truncate live_run, run, stream, stream_chunk, stream_writer, waitpoint");
  });
  const appends = refs.map((ref) => ({ ...ref, chunks: ["4", "5"], writer: { clientId: "w", firstIndex: 3 } }));
  for (const statistics of ["none", "fresh"]) {
    if (statistics === "fresh") await stage.sql("analyze");
    const plans = await plansOf(stage, [
      keepRunsAlive(id, refs),
      makeStreams(id, refs),
      lockStreams(id, refs),
      addChunks(id, appends),
      completeInputWaits(id, refs),
      ...refs.slice(0, 1).map((ref) => readRecords(ref, 0)),
    ]);
    for (const [name, plan] of plans) assertBounded(name, plan, { rows: 100, pages: 2_000 });
    const indexes = [...plans.values()].flatMap(indexesOf);
    for (const index of ["stream_pkey", "stream_made", "waitpoint_of_input"]) {
      assert.ok(indexes.includes(index), `${statistics}: ${index} in ${indexes.join()}`);
    }
  }
});
