import pg from "pg";
import type { Measure } from "./measure.ts";

const rows = 40_000;
const rowsEach = 50;
const callers = 2;

const claim = `
  with picked as (
    select id from claimable where order_at is not null order by order_at, id limit ${rowsEach} for update skip locked
  )
  update claimable set state = 'claimed', order_at = null from picked where claimable.id = picked.id
  returning claimable.id, claimable.payload`;

/** Bare claims of 50 rows with SKIP LOCKED, from two connections, until 40,000 rows are claimed. */
export const calibrationClaim: Measure = {
  gives: ["calibration_claim_per_s"],
  async sample(system) {
    await system.withoutWorker();
    const pool = new pg.Pool({ ...(await system.database("calibration")), max: callers });
    try {
      await pool.query("drop table if exists claimable");
      await pool.query(
        `create table claimable (id uuid primary key, state text, payload text, order_at timestamptz) with (fillfactor = 70);
         create index claimable_order on claimable (order_at, id) where order_at is not null;
         insert into claimable select gen_random_uuid(), 'queued', '{"json":{"n":1}}', now() from generate_series(1, ${rows})`,
      );
      await pool.query("vacuum analyze claimable");
      await system.rows.settle();
      const beganAtMs = performance.now();
      const caller = async () => {
        while (((await pool.query({ name: "claim", text: claim })).rowCount ?? 0) > 0);
      };
      await Promise.all(Array.from({ length: callers }, caller));
      return { calibration_claim_per_s: (rows / (performance.now() - beganAtMs)) * 1_000 };
    } finally {
      await pool.end();
    }
  },
};
