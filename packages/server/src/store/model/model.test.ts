import assert from "node:assert/strict";
import { test } from "node:test";
import { withDatabase } from "@pawl/testkit";
import { runEpisode } from "./fixtures/episode.ts";
import { makeSteps, type Step } from "./fixtures/operations.ts";
import { seededRandom } from "./fixtures/random.ts";
import { shrink } from "./fixtures/shrink.ts";
import { openGround } from "./fixtures/world.ts";

// README.md says what this is. PAWL_MODEL_SEED repeats a sequence, PAWL_MODEL_OPERATIONS makes it longer.

const operations = Number(process.env.PAWL_MODEL_OPERATIONS ?? 10_000);
const seed = Number(process.env.PAWL_MODEL_SEED ?? Math.floor(Math.random() * 1_000_000_000));
const operationsOfEpisode = 400;
const shrinkMs = Number(process.env.PAWL_MODEL_SHRINK_MS ?? 60_000);
/** What goes wrong by the order in which things happen is tried so often. */
const tries = 4;

test(`random sequences of verbs keep what must hold (PAWL_MODEL_SEED=${seed})`, { timeout: 600_000 }, async (t) => {
  const ground = await openGround(await withDatabase(t, { except: [], poolSize: 4 }));
  const random = seededRandom(seed);
  for (let done = 0; done < operations; done += operationsOfEpisode) {
    const steps = makeSteps(random, operationsOfEpisode);
    const failure = await runEpisode(ground, steps);
    if (failure === null) continue;
    t.diagnostic(failure.message);
    const fails = async (candidate: readonly Step[]) => {
      for (let left = tries; left > 0; left--) if ((await runEpisode(ground, candidate)) !== null) return true;
      return false;
    };
    const shortest = await shrink(steps.slice(0, failure.steps), fails, performance.now() + shrinkMs);
    const words = shortest.map((step) => step.map(({ kind, server }) => `${kind} (${server})`).join(" | "));
    assert.fail(
      `after ${done} operations: ${failure.message}\n\nalready in ${shortest.length} steps:\n${words.join("\n")}`,
    );
  }
});
