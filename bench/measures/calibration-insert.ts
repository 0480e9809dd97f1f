import pg from "pg";
import { callDuring } from "../load/callers.ts";
import type { Measure } from "./measure.ts";

const callers = 50;
const durationMs = 2_000;

/** Bare inserts of one row, each a transaction of its own, 50 at once over 50 connections. */
export const calibrationInsert: Measure = {
  gives: ["calibration_insert_per_s"],
  async sample(system) {
    await system.withoutWorker();
    const pool = new pg.Pool({ ...(await system.database("calibration")), max: callers });
    try {
      await pool.query("drop table if exists inserted");
      await pool.query("create table inserted (id uuid primary key, payload text, created_at timestamptz)");
      await system.rows.settle();
      const insert = () =>
        pool.query({
          name: "insert",
          text: "insert into inserted values (gen_random_uuid(), $1, now())",
          values: ['{"json":{"n":1}}'],
        });
      const { count, elapsedMs } = await callDuring(callers, durationMs, insert);
      return { calibration_insert_per_s: (count / elapsedMs) * 1_000 };
    } finally {
      await pool.end();
    }
  },
};
