import type { TaskList } from "@pawl/contract/task-manifest";
import type { VersionStore } from "../../engine/ports.ts";
import type { Route } from "../route.ts";

/**
 * `GET /worker/v1/tasks`: the tasks of the version that new runs execute.
 *
 * @param versions - reads the version
 * @returns the route
 */
export function listTasksRoute(versions: Pick<VersionStore, "current">): Route {
  return {
    method: "GET",
    path: "/worker/v1/tasks",
    accepts: "environment_key",
    async answer(_request, _reply, { environment }): Promise<TaskList> {
      const current = await versions.current(environment.id);
      return { tasks: current?.tasks ?? [], version: current?.label ?? null };
    },
  };
}
