import type {
  BulkActionAnswer,
  BulkActionList,
  BulkActionObject,
  BulkDryRunAnswer,
} from "@pawl/contract/api/bulk-actions";
import { requestKeyHeader } from "@pawl/contract/api/headers";
import { newUuid } from "@pawl/contract/ids";
import { send } from "./client.ts";
import type { Credentials } from "./credentials.ts";
import { isEmptyFilter, type RunFilter, toBulkFilter } from "./run-filter.ts";

/** What to do with which runs. An empty filter means every run of the environment. */
export interface BulkRequest {
  readonly action: "cancel" | "replay";
  readonly filter: RunFilter;
  readonly name?: string | undefined;
}

/** The calls about bulk actions. Each throws a CommandError in one sentence when the server does not do it. */
export interface BulkActionClient {
  /** Does nothing but count. */
  count(request: BulkRequest): Promise<BulkDryRunAnswer>;
  /** @returns the action's id, `bulk_…` */
  start(request: BulkRequest): Promise<string>;
  /** Newest first. @param limit - at most 100 */
  list(limit: number): Promise<BulkActionList>;
  retrieve(id: string): Promise<BulkActionObject>;
  /** What it has done stays done. */
  abort(id: string): Promise<void>;
}

const root = "/api/v1/bulk-actions";

/**
 * Makes a client of a server's bulk actions.
 *
 * @param credentials - the server and the key
 * @returns the client
 */
export function createBulkActionClient(credentials: Credentials): BulkActionClient {
  // The answers are those of the contract: server and command are released together.
  const get = async <T>(path: string) => (await send(credentials, { method: "GET", path })) as T;
  const post = (path: string, body: unknown, headers = {}) =>
    send(credentials, { method: "POST", path, body: JSON.stringify(body), headers });
  return {
    count: async (request) => (await post(root, { ...bodyOf(request), dryRun: true })) as BulkDryRunAnswer,
    start: async (request) =>
      ((await post(root, bodyOf(request), { [requestKeyHeader]: newUuid() })) as BulkActionAnswer).id,
    list: (limit) => get(`${root}?page%5Bsize%5D=${limit}`),
    retrieve: (id) => get(`${root}/${encodeURIComponent(id)}`),
    async abort(id) {
      await post(`${root}/${encodeURIComponent(id)}/abort`, {});
    },
  };
}

function bodyOf({ action, filter, name }: BulkRequest): Readonly<Record<string, unknown>> {
  const runs = isEmptyFilter(filter) ? { all: true } : { filter: toBulkFilter(filter) };
  return { action, ...runs, ...(name === undefined ? {} : { name }) };
}
