import type { CancelOptions, CancelOutcome, RunStore } from "../ports.ts";

/** How many parents are looked at together. */
const parentsAtOnce = 500;

type CancelStore = Pick<RunStore, "cancel" | "liveChildren" | "canceledChildren">;

/**
 * Cancel: ends a run and then what it has made, level by level and in pages, so that a parent is stopped before its children
 * and makes no more of them. Accepts every state. What was canceled before is gone through again, since the call that did it
 * may have been interrupted; a run that ended otherwise keeps its children.
 *
 * @param store - runs
 * @param environmentId - the environment
 * @param runId - the run
 * @param onPage - told what each page came to, as soon as it is committed
 * @returns what became of the run itself
 */
export async function cancel(
  store: CancelStore,
  environmentId: string,
  runId: string,
  onPage: (outcome: CancelOutcome) => void,
): Promise<"cancelled" | "already_finished" | "not_found"> {
  const { notFound, already } = await cancelMany(store, environmentId, [runId], onPage);
  if (notFound.length > 0) return "not_found";
  return already.length > 0 ? "already_finished" : "cancelled";
}

/**
 * Cancels runs together with what they have made; see {@link cancel}.
 *
 * @param store - runs
 * @param environmentId - the environment
 * @param runIds - the runs
 * @param onPage - told what each page came to, as soon as it is committed
 * @param options - whether hooks are called
 * @returns what became of the runs themselves
 */
export async function cancelMany(
  store: CancelStore,
  environmentId: string,
  runIds: readonly string[],
  onPage: (outcome: CancelOutcome) => void,
  options: CancelOptions = {},
): Promise<CancelOutcome> {
  const first = await store.cancel(environmentId, runIds, options);
  onPage(first);
  const { finished, recalled, cancelling, canceledBefore } = first;
  const held = [...recalled, ...cancelling].map(({ runId }) => runId);
  let level: readonly string[] = [...finished, ...held, ...canceledBefore];
  while (level.length > 0) {
    const next: string[] = [];
    for (let from = 0; from < level.length; from += parentsAtOnce) {
      const parents = level.slice(from, from + parentsAtOnce);
      for await (const page of pages((after) => store.liveChildren(environmentId, parents, after))) {
        onPage(await store.cancel(environmentId, page, options));
        next.push(...page);
      }
      const known = new Set(next);
      for await (const page of pages((after) => store.canceledChildren(environmentId, parents, after))) {
        next.push(...page.filter((id) => !known.has(id)));
      }
    }
    level = next;
  }
  return first;
}

async function* pages(read: (afterId: string | null) => Promise<readonly string[]>): AsyncGenerator<readonly string[]> {
  for (let afterId: string | null = null; ; ) {
    const page: readonly string[] = await read(afterId);
    if (page.length === 0) return;
    yield page;
    afterId = page.at(-1) ?? null;
  }
}
