import { badRequest } from "../errors/bad-request.ts";

/**
 * Finds the id of a run.
 *
 * @param run - its handle, or its id; code without types may give anything
 * @returns the id
 * @throws BadRequestError when it is neither
 * @example
 * ```ts
 * runIdOf({ id: "run_1" }); // "run_1"
 * ```
 */
export function runIdOf(run: unknown): string {
  const id = typeof run === "object" && run !== null && "id" in run ? run.id : run;
  if (typeof id === "string" && id !== "") return id;
  const given = id === "" ? "an empty text" : String(id);
  throw badRequest("run", `A run is asked for by its handle or its id, such as "run_…", and this is ${given}.`);
}
