import type { ClientSettings } from "../client/client-settings.ts";
import { streamParts } from "../streams/stream-parts.ts";
import { streamPath } from "../streams/stream-path.ts";
import { RunSubscription } from "./run-subscription.ts";

/** What following a run with its streams gives: the run, and each chunk under the id of its stream. */
export type RunWithStreams<TRun, TStreams extends Readonly<Record<string, unknown>>> =
  | { readonly type: "run"; readonly run: TRun }
  | {
      [Key in keyof TStreams & string]: {
        readonly type: Key;
        readonly chunk: TStreams[Key];
        /** The run as it was known when the chunk came. */
        readonly run: TRun;
      };
    }[keyof TStreams & string];

interface StreamedRun {
  readonly id: string;
  readonly realtimeStreams: readonly string[];
}

/**
 * A run that is followed; see `runs.subscribeToRun`.
 *
 * @example
 * ```ts
 * for await (const run of runs.subscribeToRun(handle)) console.log(run.status);
 * ```
 */
export class FollowedRun<TRun extends StreamedRun> extends RunSubscription<TRun> {
  readonly #settings: ClientSettings;
  readonly #follow: (signal: AbortSignal) => AsyncGenerator<TRun, undefined>;
  readonly #until: AbortSignal | undefined;

  /**
   * Prepares it; nothing is asked for yet.
   *
   * @param settings - where, and with which key
   * @param follow - gives the run until its signal fires
   * @param signal - ends it from outside
   */
  constructor(
    settings: ClientSettings,
    follow: (signal: AbortSignal) => AsyncGenerator<TRun, undefined>,
    signal?: AbortSignal,
  ) {
    super(follow, signal);
    this.#settings = settings;
    this.#follow = follow;
    this.#until = signal;
  }

  /**
   * Follows the run and all streams that it gives, those that come later too. It ends when the run has ended and all its chunks have
   * come.
   *
   * @returns the run and the chunks, for `for await`
   * @throws as `runs.subscribeToRun`
   * @example
   * ```ts
   * for await (const news of runs.subscribeToRun<typeof write>("run_…").withStreams<{ tokens: string }>()) {
   *   if (news.type === "run") console.log(news.run.status);
   *   if (news.type === "tokens") process.stdout.write(news.chunk);
   * }
   * ```
   */
  withStreams<
    TStreams extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>,
  >(): RunSubscription<RunWithStreams<TRun, TStreams>> {
    const [follow, settings] = [this.#follow, this.#settings];
    return new RunSubscription(
      (signal) => withStreams(follow, settings, signal) as AsyncGenerator<RunWithStreams<TRun, TStreams>, undefined>, // as the caller says
      this.#until,
    );
  }
}

type News<TRun> =
  | { readonly type: "run"; readonly run: TRun }
  | { readonly type: string; readonly chunk: unknown; readonly run: TRun };

async function* withStreams<TRun extends StreamedRun>(
  follow: (signal: AbortSignal) => AsyncGenerator<TRun, undefined>,
  settings: ClientSettings,
  signal: AbortSignal,
): AsyncGenerator<News<TRun>, undefined> {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const news = new NewsQueue<News<TRun>>();
  const open = new Set<string>();
  news.addSource(async (push) => {
    for await (const run of follow(ending.signal)) {
      push({ type: "run", run });
      for (const key of run.realtimeStreams.filter((one) => !open.has(one))) {
        open.add(key);
        news.addSource((pushChunk) => readChunks({ settings, run, key, signal: ending.signal }, pushChunk));
      }
    }
  });
  try {
    yield* news.all();
  } finally {
    end();
    signal.removeEventListener("abort", end);
  }
}

interface ChunkSource<TRun> {
  readonly settings: ClientSettings;
  readonly run: TRun;
  readonly key: string;
  readonly signal: AbortSignal;
}

async function readChunks<TRun extends StreamedRun>(
  { settings, run, key, signal }: ChunkSource<TRun>,
  push: (news: News<TRun>) => void,
): Promise<void> {
  const reading = { path: streamPath(run.id, key), lastEventId: null, isFromLatest: false, timeoutInSeconds: null };
  for await (const parts of streamParts(settings, reading, signal)) {
    for (const { chunk } of parts) push({ type: key, chunk, run });
  }
}

/** What several sources give, in the order in which it comes. */
class NewsQueue<T> {
  #waiting: T[] = [];
  #sources = 0;
  #failure: { readonly error: unknown } | null = null;
  #wake: () => void = () => {};

  addSource(run: (push: (news: T) => void) => Promise<void>): void {
    this.#sources++;
    const push = (news: T) => {
      this.#waiting.push(news);
      this.#wake();
    };
    run(push)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#sources--;
        this.#wake();
      });
  }

  async *all(): AsyncGenerator<T, undefined> {
    for (;;) {
      yield* this.#waiting.splice(0);
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#sources === 0 && this.#waiting.length === 0) return;
      if (this.#waiting.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
