import { toPublicId } from "@pawl/contract/ids";
import { type RegisteredVersion, versionManifestSchema } from "@pawl/contract/task-manifest";
import type { Engine } from "../../engine/engine.ts";
import { refuseDuplicates, refusedDeclarations } from "../refused-version.ts";
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
