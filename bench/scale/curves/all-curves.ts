import type { Curve } from "../curve.ts";
import { backlogBefore, backlogElsewhere } from "./backlog.ts";
import { history } from "./history.ts";
import { hosts, servers } from "./machines.ts";
import { queues } from "./queues.ts";
import { waiting } from "./waiting.ts";
import { weeks } from "./weeks.ts";

/** Every curve, in the order of the report. */
export const allCurves: readonly Curve[] = [
  history,
  weeks,
  backlogElsewhere,
  backlogBefore,
  queues,
  waiting,
  servers,
  hosts,
];
