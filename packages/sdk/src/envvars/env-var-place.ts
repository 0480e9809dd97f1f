import { badRequest } from "../errors/bad-request.ts";
import { callerRun } from "../trigger/caller-run.ts";

/** Whose variables are meant. */
export interface Place {
  readonly projectRef: string;
  readonly slug: string;
}

/**
 * Splits the arguments of a call into whose variables are meant, and the rest.
 *
 * @param callName - the call, for messages
 * @param given - its arguments
 * @param isExplicit - whether they begin with the project's ref and the environment's slug
 * @returns the place that they name, or that of the run which calls; and what follows
 * @throws BadRequestError when nothing says whose variables are meant; RunContextError as `callerRun`
 * @example
 * ```ts
 * placed("envvars.del", ["proj_1", "dev", "API_URL"], true); // { place: { projectRef: "proj_1", slug: "dev" }, rest: ["API_URL"] }
 * ```
 */
export function placed(
  callName: string,
  given: readonly unknown[],
  isExplicit: boolean,
): { readonly place: Place; readonly rest: readonly unknown[] } {
  if (isExplicit) {
    const [projectRef, slug, ...rest] = given;
    return { place: { projectRef: text("projectRef", projectRef), slug: text("slug", slug) }, rest };
  }
  const slug = callerRun(callName)?.environmentSlug;
  if (slug !== undefined) return { place: { projectRef: "default", slug }, rest: given }; // the key says which project
  const message = `${callName} is called outside of a run: begin with the project's ref and the environment's slug, as in ${callName}("proj_…", "dev").`;
  throw badRequest("projectRef", message);
}

/**
 * Checks the name of a variable. An empty one would name the list.
 *
 * @param name - the name
 * @returns the same name
 * @throws BadRequestError when it is no text, or empty
 * @example
 * ```ts
 * envVarName("API_URL"); // "API_URL"
 * ```
 */
export function envVarName(name: unknown): string {
  return text("name", name);
}

function text(param: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw badRequest(param, `The ${param} is missing.`);
}
