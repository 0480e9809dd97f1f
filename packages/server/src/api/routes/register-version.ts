import { toPublicId } from "@pawl/contract/ids";
import { type RegisteredVersion, type TaskManifest, versionManifestSchema } from "@pawl/contract/task-manifest";
import type { Engine } from "../../engine/engine.ts";
import type { RefusedDeclaration } from "../../engine/schedule-ports.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `POST /worker/v1/versions`: makes a version of the project's code the current one.
 *
 * @param engine - registers the version
 * @returns the route
 */
export function registerVersionRoute(engine: Engine): Route {
  return {
    method: "POST",
    path: "/worker/v1/versions",
    accepts: "environment_key",
    bodyLimit: 16 * 1024 * 1024,
    async answer(request, _reply, { environment }): Promise<RegisteredVersion> {
      const manifest = parse(versionManifestSchema, request.body, "body");
      refuseDuplicates(manifest.tasks);
      const outcome = await engine.registerVersion(environment, manifest);
      if (outcome.kind === "refused") throw refusedDeclarations(outcome.refused);
      const { version } = outcome;
      return { id: toPublicId("version", version.id), label: version.label };
    },
  };
}

/** Each in a line of its own, at its file. */
function refusedDeclarations(refused: readonly RefusedDeclaration[]): ApiError {
  const lines = refused.map(
    ({ taskId, filePath, reason }) => `${filePath}: the schedule of the task "${taskId}": ${reason}`,
  );
  return new ApiError("unprocessable", lines.join("\n"), "tasks");
}

function refuseDuplicates(tasks: readonly TaskManifest[]): void {
  const fileOf = new Map<string, string>();
  for (const task of tasks) {
    const file = fileOf.get(task.id);
    if (file !== undefined) {
      const message = `Two tasks have the id ${task.id}: one in ${file}, one in ${task.filePath}. Give one of them another id.`;
      throw new ApiError("invalid_request", message, "tasks");
    }
    fileOf.set(task.id, task.filePath);
  }
}
