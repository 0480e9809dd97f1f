import { bulkCancel } from "./bulk-cancel.ts";
import { calibrationClaim } from "./calibration-claim.ts";
import { calibrationHttp } from "./calibration-http.ts";
import { calibrationInsert } from "./calibration-insert.ts";
import { claimBesideMany } from "./claim-beside-many.ts";
import { claimHeldTransaction } from "./claim-held-transaction.ts";
import { claimLanes } from "./claim-lanes.ts";
import { clientOverhead } from "./client-overhead.ts";
import { fanOut } from "./fan-out.ts";
import { idle } from "./idle.ts";
import { manyParents } from "./many-parents.ts";
import type { Measure } from "./measure.ts";
import { parentChild } from "./parent-child.ts";
import { rates } from "./rates.ts";
import { realtime } from "./realtime.ts";
import { runsEndToEnd } from "./runs-end-to-end.ts";
import { runsRealistic } from "./runs-realistic.ts";
import { runsSteadyState } from "./runs-steady-state.ts";
import { schedules } from "./schedules.ts";
import { startLatencyCold } from "./start-latency-cold.ts";
import { startLatencyWarm } from "./start-latency-warm.ts";
import { triggerBatch } from "./trigger-batch.ts";
import { triggerSingle } from "./trigger-single.ts";
import { waitForMany } from "./wait-for-many.ts";

/** Every measure, in the order of a round: the idle minute while server and worker are fresh, calibrations before what they calibrate. */
export const allMeasures: readonly Measure[] = [
  idle,
  calibrationInsert,
  calibrationHttp,
  triggerSingle,
  triggerBatch,
  realtime,
  clientOverhead,
  calibrationClaim,
  runsEndToEnd,
  runsSteadyState,
  runsRealistic,
  startLatencyCold,
  startLatencyWarm,
  parentChild,
  fanOut,
  manyParents,
  waitForMany,
  schedules,
  bulkCancel,
  rates,
  claimLanes,
  claimBesideMany,
  claimHeldTransaction,
];
