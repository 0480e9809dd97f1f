import { badRequest } from "../errors/bad-request.ts";
import { type OptionNames, unknownOption } from "../options/option-names.ts";

/** All of a kind (`true`), or those with these ids. */
type Members = true | string | readonly string[];

/** What may be read. */
export interface ReadScopes {
  /** `run_…` */
  readonly runs?: Members;
  /** Runs with these tags. */
  readonly tags?: Members;
  /** Runs of these tasks. */
  readonly tasks?: Members;
  /** `batch_…`, and their runs. */
  readonly batch?: Members;
  readonly queues?: Members;
  /** What was sent to the input streams of these runs. */
  readonly inputStreams?: Members;
  readonly deployments?: Members;
}

/** What may be changed. */
export interface WriteScopes {
  /** `waitpoint_…`: tokens that may be completed. */
  readonly waitpoints?: Members;
  /** `run_…`: runs to whose input streams may be sent. */
  readonly inputStreams?: Members;
  readonly runs?: Members;
  readonly tasks?: Members;
  readonly tags?: Members;
  readonly batch?: Members;
}

/** What the holder of a public token may do; nothing else. */
export interface PublicTokenScopes {
  readonly read?: ReadScopes;
  readonly write?: WriteScopes;
  /** Tasks of which it may start runs. */
  readonly trigger?: { readonly tasks?: Members };
  /** Tasks of which it may start batches. */
  readonly batchTrigger?: { readonly tasks?: Members };
}

const actionNames: OptionNames<PublicTokenScopes> = { read: true, write: true, trigger: true, batchTrigger: true };

/**
 * Writes scopes as the API has them.
 *
 * @param scopes - what a token allows
 * @returns texts of the form `action:kind[:id]`
 * @throws BadRequestError when there is no such action: a token with it would open nothing
 * @example
 * ```ts
 * scopeTexts({ read: { runs: ["run_1"], tags: true } }); // ["read:runs:run_1", "read:tags"]
 * ```
 */
export function scopeTexts(scopes: PublicTokenScopes): readonly string[] {
  const problem = unknownOption(scopes, actionNames);
  if (problem !== null) throw badRequest("scopes", `A public token's list of scopes ${problem}`);
  return Object.entries(scopes).flatMap(([action, kinds]: [string, Readonly<Record<string, Members>> | undefined]) =>
    Object.entries(kinds ?? {}).flatMap(([kind, members]) => {
      if (members === true) return [`${action}:${kind}`];
      return (typeof members === "string" ? [members] : (members ?? [])).map((id) => `${action}:${kind}:${id}`);
    }),
  );
}
