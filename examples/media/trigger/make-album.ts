import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { AbortTaskRunError, idempotencyKeys, logger, metadata, schemaTask } from "@pawl/sdk";
import { z } from "zod";
import { readPng, shrink, writePng } from "../media/picture.ts";
import { drawWaveform, readWav } from "../media/sound.ts";

const jobSchema = z.object({ from: z.string(), to: z.string() });

/** Makes a thumbnail of a picture. Pixels take memory, so it has a larger machine and few beside it. */
const shrinkPicture = schemaTask({
  id: "media.shrink.picture",
  description: "Makes a thumbnail of a picture",
  schema: jobSchema,
  machine: "medium-1x",
  maxDuration: 60,
  queue: { concurrencyLimit: 2 },
  run: async ({ from, to }) => {
    const { width, height, pixels } = shrink(decoded(from, readPng, await readFile(from)), 128);
    await writeFile(to, writePng({ width, height, pixels }));
    metadata.parent.increment("done", 1);
    logger.info("Made a thumbnail", { from, width, height });
    return { file: to, width, height };
  },
});

/** Draws the waveform of a sound. */
const drawSound = schemaTask({
  id: "media.draw.sound",
  description: "Draws the waveform of a sound",
  schema: jobSchema,
  machine: "small-2x",
  maxDuration: 60,
  queue: { concurrencyLimit: 4 },
  run: async ({ from, to }) => {
    const sound = decoded(from, readWav, await readFile(from));
    await writeFile(to, writePng(drawWaveform(sound, { width: 256, height: 64 })));
    metadata.parent.increment("done", 1);
    const seconds = sound.samples.length / sound.sampleRate;
    logger.info("Drew a waveform", { from, seconds });
    return { file: to, seconds };
  },
});

/** Makes previews of everything in a folder. */
export const makeAlbum = schemaTask({
  id: "media.make.album",
  description: "Makes previews of the pictures and sounds in a folder",
  schema: z.object({ folder: z.string().min(1) }),
  maxDuration: 120,
  run: async ({ folder }) => {
    const previews = join(folder, "previews");
    await mkdir(previews, { recursive: true });
    const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
    const jobs = (ending: string) =>
      files
        .filter(({ name }) => extname(name) === ending)
        .map(({ name }) => ({
          payload: { from: join(folder, name), to: join(previews, `${basename(name, ending)}.png`) },
        }));
    const [pictures, sounds] = [jobs(".png"), jobs(".wav")];
    metadata.set("files", pictures.length + sounds.length);

    // Both kinds beside each other; this run holds no slot and no machine of theirs meanwhile.
    const [shrunk, drawn] = await Promise.all([
      pictures.length === 0 ? { runs: [] } : shrinkPicture.batchTriggerAndWait(pictures, await keyOf("pictures")),
      sounds.length === 0 ? { runs: [] } : drawSound.batchTriggerAndWait(sounds, await keyOf("sounds")),
    ]);
    const runs = [...shrunk.runs, ...drawn.runs];
    return {
      made: runs.flatMap((run) => (run.ok ? [run.output.file] : [])),
      // One file that can't be read does not spoil the album.
      skipped: runs.flatMap((run) => (run.ok ? [] : [run.error.message])),
    };
  },
});

/** Another attempt finds the previews that are made. */
async function keyOf(kind: string) {
  return { idempotencyKey: await idempotencyKeys.create(kind) };
}

/** A file that can't be read is not better the second time. */
function decoded<T>(file: string, read: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return read(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AbortTaskRunError(`${basename(file)} can't be read: ${reason}`);
  }
}
