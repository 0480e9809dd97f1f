import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { clusterFiles } from "@pawl/server/store/embedded/cluster";
import { chooseEndpoint } from "@pawl/server/store/embedded/endpoint";
import type { EngineStage } from "./engine.ts";
import type { StagedServer } from "./platform.ts";

/**
 * Starts another server on the database of the stage's first.
 *
 * @param engine - the stage
 * @param name - of its data folder; default: `second`
 * @returns where it listens; it takes the same key
 */
export async function startSecondServer(
  { stage, server }: EngineStage,
  name = "second",
): Promise<Pick<StagedServer, "apiUrl" | "secretKey">> {
  const { url } = await chooseEndpoint(clusterFiles(server.dataDir));
  const second = stage.pawl(["server", "--json", "--port", "0", "--data-dir", stage.path(name)], {
    env: {
      DATABASE_URL: url,
      PAWL_ENCRYPTION_KEY: (await readFile(join(server.dataDir, "encryption-key"), "utf8")).trim(),
    },
  });
  const ready = await second.untilWritten("line that says where it listens", ({ lines }) =>
    lines.find((line) => typeof line.apiUrl === "string"),
  );
  return { apiUrl: String(ready.apiUrl), secretKey: server.secretKey };
}
