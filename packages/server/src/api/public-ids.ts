import { fromPublicId, type IdPrefix, toPublicId } from "@pawl/contract/ids";
import { ApiError } from "./errors.ts";

/**
 * Makes a reader of ids that come in long rows, where one id is often followed by itself.
 *
 * @param prefix - what the ids name
 * @returns turns a public id into its UUID, or throws ApiError `invalid_request` that names the field
 */
export function publicIdReader(prefix: IdPrefix): (id: string, field: string) => string {
  let lastId: string | null = null;
  let lastUuid = "";
  return (id, field) => {
    if (id === lastId) return lastUuid;
    const uuid = fromPublicId(prefix, id);
    if (uuid === null)
      throw new ApiError("invalid_request", `${field}: ${id.slice(0, 64)} is no id of a ${prefix}.`, field);
    lastId = id;
    lastUuid = uuid;
    return uuid;
  };
}

/**
 * Makes a writer of public ids that come in long rows, where one id is often followed by itself.
 *
 * @param prefix - what the ids name
 * @returns turns a UUID into its public id
 */
export function publicIdWriter(prefix: IdPrefix): (uuid: string) => string {
  let lastUuid = "";
  let lastId = "";
  return (uuid) => {
    if (uuid === lastUuid) return lastId;
    lastUuid = uuid;
    lastId = toPublicId(prefix, uuid);
    return lastId;
  };
}
