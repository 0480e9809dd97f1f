import { successSchema } from "@pawl/contract/api/answers/access";
import type { Engine } from "../../engine/engine.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { pathPart } from "../validation.ts";

/**
 * `POST /api/v1/projects/:projectRef/:environment/pause` and `/resume`: while an environment is paused, nothing new starts in it.
 * The path has to name the environment of the key.
 *
 * @param engine - changes the environment
 * @param action - which of the two
 * @returns the route
 */
export function pauseEnvironmentRoute(engine: Engine, action: "pause" | "resume"): Route {
  return {
    method: "POST",
    path: `/api/v1/projects/:projectRef/:environment/${action}`,
    accepts: "environment_key",
    document: {
      summary: `${action === "pause" ? "Pause" : "Resume"} an environment`,
      tag: "Environments",
      answers: { 200: successSchema },
    },
    async answer(request, _reply, { environment }): Promise<{ readonly success: true }> {
      const [ref, slug] = [pathPart(request, "projectRef"), pathPart(request, "environment")];
      if (ref !== environment.projectRef || slug !== environment.slug) {
        const message = `This key belongs to the environment ${environment.slug} of the project ${environment.projectRef}, not to ${slug} of ${ref}.`;
        throw new ApiError("forbidden", message);
      }
      await engine.setEnvironmentPaused(environment.id, action === "pause");
      return { success: true };
    },
  };
}
