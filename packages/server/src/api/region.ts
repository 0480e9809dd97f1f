import type { Environment } from "../engine/ports.ts";
import { ApiError } from "./errors.ts";

/** Where runs can execute. */
const regions: readonly string[] = ["default"];

/**
 * Reads the region that a run asks for. In development all runs execute on the developer's machine, and a region says nothing.
 *
 * @param region - as the caller gave it
 * @param environment - of the run
 * @param field - the name of the field, for the message
 * @returns the region; null for none
 * @throws ApiError `unprocessable` that lists the regions there are
 */
export function regionOf(region: string | undefined, environment: Environment, field: string): string | null {
  if (region === undefined || environment.type === "DEVELOPMENT") return null;
  if (regions.includes(region)) return region;
  throw new ApiError(
    "unprocessable",
    `${field}: there is no region "${region}". The regions are: ${regions.join(", ")}.`,
    field,
  );
}
