import { type BulkAction, runs } from "../index.ts";

void runs.bulk.cancel({ filter: { status: "QUEUED", tag: ["a"] }, name: "mine" });
void runs.bulk.replay({ runIds: ["run_1"], targetRegion: "default" });
void runs.bulk.cancel({ all: true });
const action: Promise<BulkAction> = runs.bulk.poll("bulk_1", { pollIntervalMs: 10 });
void action.then(({ counts, completedAt }) => [counts.total satisfies number, completedAt satisfies Date | undefined]);

// @ts-expect-error: it has to say which runs
void runs.bulk.cancel({ name: "mine" });
// @ts-expect-error: only one way to say it
void runs.bulk.cancel({ filter: { tag: "a" }, runIds: ["run_1"] });
// @ts-expect-error: all is said on purpose, or not at all
void runs.bulk.cancel({ all: false });
// @ts-expect-error: a status that there is not
void runs.bulk.cancel({ filter: { status: "DONE" } });
// @ts-expect-error: pages are for lists
void runs.bulk.cancel({ filter: { tag: "a", limit: 10 } });
// @ts-expect-error: only a replay makes runs
void runs.bulk.cancel({ runIds: ["run_1"], targetRegion: "default" });
