import { readFile } from "node:fs/promises";
import { runs, tasks } from "@pawl/sdk";
import type { summarizeDocument } from "../trigger/summarize.ts";

// node app/summarize.ts [file]: sums up a text, and shows how far it is.
const [, , path = new URL("../document/sample.txt", import.meta.url)] = process.argv;
const text = await readFile(path, "utf8");

const handle = await tasks.trigger<typeof summarizeDocument>("document.text.summarize", {
  title: String(path).split("/").at(-1) ?? "",
  text,
  maxCharacters: 600,
});
let shown = "";
for await (const run of runs.subscribeToRun(handle)) {
  const { piecesDone = 0, pieces = "?" } = run.metadata ?? {};
  const line = `${piecesDone} of ${pieces} pieces`;
  if (line !== shown) console.log(line);
  shown = line;
  if (run.isFailed) throw new Error(run.error?.message);
  if (run.isSuccess) console.log(run.output?.summary);
}
