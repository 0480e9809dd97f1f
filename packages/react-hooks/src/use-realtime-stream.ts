import type { ReadStreamOptions, RealtimeDefinedStream, StreamPart } from "@pawl/sdk";
import { read } from "@pawl/sdk/page";
import { useId } from "react";
import type { Plan } from "./source.ts";
import { errorOf, followAt, type KnownTarget, type UseApiClientOptions, useTarget } from "./target.ts";
import { useFollowed } from "./use-followed.ts";
import { useLatest } from "./use-latest.ts";

/** Options of {@link useRealtimeStream}. */
export interface UseRealtimeStreamOptions<TPart> extends UseApiClientOptions {
  /** Accepted and without effect. */
  readonly id?: string | undefined;
  /** The least time between two updates of the page, in milliseconds; default: 16. */
  readonly throttleInMs?: number | undefined;
  /** After how many seconds without a part it ends, 1 to 600; default: 60. */
  readonly timeoutInSeconds?: number | undefined;
  /** How many parts are left out at the beginning; default: none. */
  readonly startIndex?: number | undefined;
  /** Goes on after this part, as `lastEventId` was given before; wins over `startIndex`. */
  readonly lastEventId?: string | number | undefined;
  /** `latest` leaves out what is there already; default: `beginning`. */
  readonly from?: "beginning" | "latest" | undefined;
  /** How many parts are kept at most, the last ones; default: all. */
  readonly maxParts?: number | undefined;
  /** Called with each part as it comes. */
  readonly onData?: ((data: TPart) => void) | undefined;
  /** Called before each update of the page, with the parts that it adds and their places. */
  readonly onParts?: ((parts: StreamPart<TPart>[]) => void) | undefined;
}

/** What {@link useRealtimeStream} gives. */
export interface UseRealtimeStreamInstance<TPart> {
  /** All parts so far, in order. */
  readonly parts: readonly TPart[];
  /** The place of the last part, for the option of the same name after the page was loaded again. */
  readonly lastEventId: string | undefined;
  /** Why it is not read any more. A server that is away is no error: it is asked again. */
  readonly error: Error | undefined;
  /** Ends the request; the parts stay. */
  readonly stop: () => void;
}

interface Parts<TPart> {
  readonly parts: readonly TPart[];
  readonly lastEventId: string | undefined;
}

const noParts: Parts<never> = { parts: [], lastEventId: undefined };

/**
 * Reads a stream of a run: the component renders again as parts come.
 *
 * @param stream - the stream as it was defined, followed by the id of the run; or the id of the run and the key of the stream
 * @param options - `accessToken` needs the scope `read: { runs: runId }`
 * @returns the parts so far
 * @example
 * ```ts
 * const { parts } = useRealtimeStream<string>(runId, "tokens", { accessToken, baseURL, throttleInMs: 50 });
 * const text = parts.join("");
 * ```
 */
export function useRealtimeStream<TPart>(
  stream: RealtimeDefinedStream<TPart>,
  runId: string | undefined,
  options?: UseRealtimeStreamOptions<TPart>,
): UseRealtimeStreamInstance<TPart>;
export function useRealtimeStream<TPart>(
  runId: string | undefined,
  streamKey: string,
  options?: UseRealtimeStreamOptions<TPart>,
): UseRealtimeStreamInstance<TPart>;
export function useRealtimeStream<TPart>(
  runId: string | undefined,
  options?: UseRealtimeStreamOptions<TPart>,
): UseRealtimeStreamInstance<TPart>;
export function useRealtimeStream<TPart>(
  ...given: readonly (RealtimeDefinedStream<TPart> | UseRealtimeStreamOptions<TPart> | string | undefined)[]
): UseRealtimeStreamInstance<TPart> {
  const { runId, key, options } = argumentsOf(given);
  const target = useTarget("useRealtimeStream", options);
  const isWanted = Boolean(runId) && options.enabled !== false;
  const callbacks = useLatest({ onData: options.onData, onParts: options.onParts });
  const component = useId(); // each has its own, since each has its own callbacks
  const { startIndex, from, maxParts, throttleInMs = 16, timeoutInSeconds } = options;
  const settings = JSON.stringify([runId, key, startIndex, from, maxParts]);
  const plan =
    isWanted && target.kind === "known"
      ? {
          key: JSON.stringify(["stream", component, target.key, settings, throttleInMs, timeoutInSeconds]),
          throttleMs: throttleInMs,
          follow: followerOf<TPart>(target, { runId: runId ?? "", key, options, callbacks }),
        }
      : null;
  const { value, error, stop } = useFollowed<Parts<TPart>>(`stream ${settings}`, plan, noParts);
  return { ...value, error: error ?? (isWanted ? errorOf(target) : undefined), stop };
}

/** What the three forms of the call come to. */
interface StreamToRead<TPart> {
  readonly runId: string | undefined;
  readonly key: string;
  readonly options: UseRealtimeStreamOptions<TPart>;
}

/** The casts follow the signatures. */
function argumentsOf<TPart>([first, second, third]: readonly unknown[]): StreamToRead<TPart> {
  if (typeof first === "object" && first !== null) {
    const { id } = first as RealtimeDefinedStream<TPart>;
    return { runId: second as string | undefined, key: id, options: (third ?? {}) as StreamToRead<TPart>["options"] };
  }
  const isKeyed = typeof second === "string";
  const options = ((isKeyed ? third : second) ?? {}) as StreamToRead<TPart>["options"];
  return { runId: first as string | undefined, key: isKeyed ? second : "default", options };
}

/** A stream to read, with the callbacks of the last render. */
interface StreamToFollow<TPart> extends StreamToRead<TPart> {
  readonly runId: string;
  readonly callbacks: { readonly current: Pick<UseRealtimeStreamOptions<TPart>, "onData" | "onParts"> };
}

/** Goes on after what is shown already, and after a token was refreshed. */
function followerOf<TPart>(target: KnownTarget, stream: StreamToFollow<TPart>): Plan<Parts<TPart>>["follow"] {
  const { runId, key, options, callbacks } = stream;
  return (show, signal, shown) => {
    let kept = [...shown.parts];
    let fresh: StreamPart<TPart>[] = [];
    let lastEventId = shown.lastEventId ?? options.lastEventId?.toString();
    const take = (part: StreamPart<TPart>) => {
      lastEventId = part.id;
      fresh.push(part);
    };
    const update = (): Parts<TPart> => {
      kept = lastOf([...kept, ...fresh.map(({ chunk }) => chunk)], options.maxParts);
      callbacks.current.onParts?.(fresh);
      fresh = [];
      return { parts: kept, lastEventId };
    };
    return followAt(target, async (clientConfig, noteNews) => {
      const reading = { ...readOptions(options, lastEventId), signal, clientConfig, onPart: take };
      for await (const part of await read<TPart>(runId, key, reading)) {
        noteNews();
        callbacks.current.onData?.(part);
        show(update);
      }
    });
  };
}

function readOptions<TPart>(
  { timeoutInSeconds, startIndex, from }: UseRealtimeStreamOptions<TPart>,
  lastEventId: string | undefined,
): ReadStreamOptions<TPart> {
  return {
    ...(timeoutInSeconds === undefined ? {} : { timeoutInSeconds }),
    ...(startIndex === undefined ? {} : { startIndex }),
    ...(from === undefined ? {} : { from }),
    ...(lastEventId === undefined ? {} : { lastEventId }),
  };
}

function lastOf<T>(values: T[], most: number | undefined): T[] {
  return most === undefined ? values : values.slice(Math.max(0, values.length - most));
}
