import { readFile } from "node:fs/promises";
import { runs, tasks } from "@pawl/sdk";
import { summaryWords } from "../document/summary-words.ts";
import type { summarizeDocument } from "../trigger/summarize.ts";

// node app/summarize.ts [file]: sums up a text, shows how far it is, and then the words as they come.
const [, , path = new URL("../document/sample.txt", import.meta.url)] = process.argv;
const text = await readFile(path, "utf8");

const handle = await tasks.trigger<typeof summarizeDocument>("document.text.summarize", {
  title: String(path).split("/").at(-1) ?? "",
  text,
  maxCharacters: 600,
});
const counted = Promise.withResolvers<void>(); // the pieces are done: their lines do not stand between the words
const [run] = await Promise.all([followProgress().finally(counted.resolve), readAlong()]);
console.log(`\n${run?.pieces} pieces, ${run?.tokens} tokens`);

async function followProgress() {
  let shown = 0;
  for await (const { metadata = {}, isFailed, error, isCompleted } of runs.subscribeToRun(handle)) {
    const done = Number(metadata.piecesDone ?? 0);
    if (done > shown) console.log(`${done} of ${metadata.pieces} pieces`);
    shown = done;
    if (done === metadata.pieces) counted.resolve();
    if (isFailed) throw new Error(error?.message);
    if (isCompleted) return metadata;
  }
  return undefined;
}

async function readAlong(): Promise<void> {
  await counted.promise;
  for await (const words of await summaryWords.read(handle.id)) process.stdout.write(words);
}
