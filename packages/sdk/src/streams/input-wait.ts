import type { WaitCallAnswer } from "@pawl/contract/worker-protocol";
import { callApi } from "../client/call.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { InputStreamTimeoutError, WaitpointTimeoutError } from "../errors/wait-error.ts";
import type { ActiveRun, WaitAbout } from "../runtime.ts";
import { callAsRun } from "../trigger/run-call.ts";
import { readOutput } from "../trigger/task-run-result.ts";
import { keptForLater, type OpenedWait, resultOf } from "../wait/opened-wait.ts";
import { checkToken, ManualWaitpointPromise } from "../wait/token.ts";
import type { WaitpointTokenResult } from "../wait/token-types.ts";
import { wireWaitKey } from "../wait/wait-options.ts";
import type { InputStreamWaitOptions, InputStreamWaitWithIdleTimeoutOptions } from "./input-types.ts";
import { once } from "./once.ts";
import { type RunInput, runInput } from "./run-input.ts";

/** @see RealtimeDefinedInputStream.wait */
export function waitForInput<T>(key: string, options: InputStreamWaitOptions = {}): ManualWaitpointPromise<T> {
  const taking = keptForLater(take(key, options));
  return new ManualWaitpointPromise<T>(async () => inputOf<T>(await taking, key));
}

/** A record that is asked for. */
interface Taking {
  readonly input: RunInput;
  readonly number: number;
  readonly opening: Promise<OpenedWait>;
}

/** Who asks first takes the first record. */
async function take(key: string, options: InputStreamWaitOptions): Promise<Taking> {
  const { run, input } = runInput("The wait of an input stream", key);
  const number = input.numbers.takeNext();
  const opening = keptForLater(openWait(run, { key, number, options }));
  opening.catch(() => input.numbers.giveBack(number));
  return { input, number, opening };
}

interface InputWait {
  readonly key: string;
  /** Of the record that is waited for. */
  readonly number: number;
  readonly options: InputStreamWaitOptions;
}

async function openWait(run: ActiveRun, { key, number, options }: InputWait): Promise<OpenedWait> {
  checkToken(options);
  const wait = run.nextWait("input");
  const waitKey = await wireWaitKey("The wait of an input stream", options, run);
  const { timeout, tags } = options;
  const answer = await callApi({
    method: "POST",
    path: `/api/v1/runs/${encodeURIComponent(run.runId)}/input-streams/wait`,
    body: JSON.stringify({
      streamId: key,
      timeout,
      tags,
      ...waitKey,
      ...(number > 0 ? { lastSeqNum: number - 1 } : {}),
    }),
  });
  const { waitpointId } = (answer.body ?? {}) as { readonly waitpointId?: unknown }; // checked in the next line
  if (typeof waitpointId !== "string") throw unexpectedAnswer(answer, "a wait for an input stream");
  // After a loss the run finds the wait that it had opened before under this key, and this one is left.
  const joined = callAsRun<WaitCallAnswer>(run, { kind: "join", wait, waitpointId });
  const about = joined.then((): WaitAbout => ({ type: "token", token: waitpointId }));
  return { run, wait, about: keptForLater(about) };
}

async function inputOf<T>({ input, number, opening }: Taking, key: string): Promise<WaitpointTokenResult<T>> {
  const result = await resultOf(opening);
  if (result.kind !== "token")
    throw new Error(`The wait for the input stream ${key} ended as one for a ${result.kind}.`);
  if (!result.isTimeout) {
    input.settle(number);
    return { ok: true, output: readOutput(result) as T }; // of the type that the stream's definition says
  }
  input.numbers.giveBack(number);
  return { ok: false, error: new WaitpointTimeoutError(`Nothing came to the input stream ${key} before its timeout.`) };
}

/** @see RealtimeDefinedInputStream.waitWithIdleTimeout */
export async function waitWithIdleTimeout<T>(
  key: string,
  options: InputStreamWaitWithIdleTimeoutOptions,
): Promise<WaitpointTokenResult<T>> {
  const { idleTimeoutInSeconds, timeout, onSuspend, onResume, skipSuspend = false } = options;
  if (!(idleTimeoutInSeconds >= 0)) throw new TypeError("idleTimeoutInSeconds must be a number from 0.");
  if (idleTimeoutInSeconds > 0) {
    const inPlace = await once<T>(key, { timeoutMs: idleTimeoutInSeconds * 1_000 });
    if (inPlace.ok) return inPlace;
  }
  if (skipSuspend) {
    const { message } = new InputStreamTimeoutError(key, idleTimeoutInSeconds * 1_000);
    return { ok: false, error: new WaitpointTimeoutError(message) };
  }
  await onSuspend?.();
  const result = await waitForInput<T>(key, timeout === undefined ? {} : { timeout });
  if (result.ok) await onResume?.();
  return result;
}
