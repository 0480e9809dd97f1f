import { inlinePacketLength } from "@pawl/contract/packet";
import type { TriggerOptions } from "../tasks/task-types.ts";
import { writePayload } from "./payload.ts";
import { type OptionsPlace, toWireOptions, type WireTriggerOptions } from "./trigger-options.ts";

/** A payload and its options in the form of the API, for a single run or a line of a batch. */
export interface WireRun {
  /** Absent for `undefined`. */
  readonly payload?: string;
  readonly options: WireTriggerOptions;
}

/** What is triggered. */
export interface RunToWrite {
  readonly payload: unknown;
  readonly options: TriggerOptions | undefined;
}

/**
 * Writes a payload and trigger options in the form of the API.
 *
 * @param run - the payload and the options of the call
 * @param place - what they belong to
 * @returns the parts of the body
 * @throws PayloadError when the payload can't be sent; BadRequestError when an option can't be right
 * @example
 * ```ts
 * const { options } = await wireRun({ payload: 1, options: undefined }, { subject: "task t", isAwaited: false });
 * // { payloadType: "application/super+json" }
 * ```
 */
export async function wireRun(run: RunToWrite, place: OptionsPlace): Promise<WireRun> {
  const { text, type } = writePayload(place.subject, run.payload);
  const options = { payloadType: type, ...(await toWireOptions(run.options, place)) };
  return text === undefined ? { options } : { payload: text, options };
}

/**
 * Says whether a run is short enough to be triggered over the control connection of a host. Longer ones go over HTTP.
 *
 * @param run - the run
 * @returns whether it is
 * @example
 * ```ts
 * isShort({ payload: "hello", options: {} }); // true
 * ```
 */
export function isShort(run: WireRun): boolean {
  if ((run.payload?.length ?? 0) > inlinePacketLength) return false;
  return JSON.stringify(run).length <= inlinePacketLength;
}
