import { resolve } from "node:path";
import { runs, tasks } from "@pawl/sdk";
import type { makeAlbum } from "../trigger/make-album.ts";

// node app/album.ts [folder]: has previews made, and shows how far it is.
const [, , folder = "samples"] = process.argv;
const handle = await tasks.trigger<typeof makeAlbum>("media.make.album", { folder: resolve(folder) });
let shown = -1;
for await (const run of runs.subscribeToRun(handle)) {
  const { done = 0, files } = run.metadata ?? {};
  if (files !== undefined && done !== shown) console.log(`${done} of ${files}`);
  shown = Number(done);
  if (run.isFailed) throw new Error(run.error?.message);
  for (const file of run.output?.made ?? []) console.log(`made ${file}`);
  for (const reason of run.output?.skipped ?? []) console.log(`skipped: ${reason}`);
}
