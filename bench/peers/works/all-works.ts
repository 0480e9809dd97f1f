import { backlog } from "./backlog.ts";
import { beside } from "./beside.ts";
import { crash } from "./crash.ts";
import { enqueueBulk, enqueueSingle } from "./enqueue.ts";
import { endToEnd, mixed, startLatency } from "./execute.ts";
import { idle } from "./idle.ts";
import { fanOut, parentChild } from "./wait.ts";
import type { Work } from "./work.ts";

/** Every work, in the order of a round. */
export const allWorks: readonly Work[] = [
  enqueueSingle,
  enqueueBulk,
  endToEnd,
  mixed,
  startLatency,
  beside,
  parentChild,
  fanOut,
  backlog,
  crash,
  idle,
];
