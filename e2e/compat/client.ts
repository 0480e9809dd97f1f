import type { TestContext } from "node:test";
import { type EngineStage, openEngine, type WorkerOptions } from "../stage/engine.ts";

/**
 * Opens a stage as {@link openEngine} does, and sets the two environment variables that the original's published client needs.
 *
 * @param t - the test
 * @param options - `worker`: how it differs from the usual; null: none is started
 * @returns the stage
 */
export async function openForClient(
  t: TestContext,
  options: { readonly worker?: WorkerOptions | null } = {},
): Promise<EngineStage> {
  const engine = await openEngine(t, options);
  process.env.TRIGGER_API_URL = engine.server.apiUrl;
  process.env.TRIGGER_SECRET_KEY = engine.server.secretKey;
  return engine;
}
