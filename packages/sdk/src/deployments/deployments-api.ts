import type { DeploymentObject } from "@pawl/contract/api/deployments";
import { type ApiPromise, apiPromise } from "../client/api-promise.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { withDates } from "../client/dates.ts";
import { isWireList } from "../client/list-query.ts";
import { type PagePromise, pagePromise } from "../client/page.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";

/** A version of a project's tasks, as it was brought to an environment. */
export interface Deployment extends Omit<DeploymentObject, "createdAt" | "deployedAt"> {
  readonly createdAt: Date;
  readonly deployedAt?: Date;
}

/** Which deployments to list. */
export interface ListDeploymentsOptions {
  readonly status?: Deployment["status"];
  /** Made at this time or later: a date, milliseconds since 1970, or an ISO date. */
  readonly from?: Date | number | string;
  /** Made at this time or earlier. */
  readonly to?: Date | number | string;
  /** Made at most so long ago, such as `7d`. */
  readonly period?: string;
  /** Deployments on a page, 1 to 100; default: 20. */
  readonly limit?: number;
  /** Where the page starts: `pagination.next` of another one. */
  readonly cursor?: string;
}

/** The calls of {@link deployments}. */
export interface DeploymentsApi {
  /**
   * Gets the deployment whose code new runs execute; in development what `pawl dev` has registered last. A run can tell by it that it
   * executes an older version.
   *
   * @throws NotFoundError when nothing was deployed to the environment yet
   * @example
   * ```ts
   * const { version } = await deployments.retrieveCurrent();
   * ```
   */
  retrieveCurrent(requestOptions?: RequestOptions): ApiPromise<Deployment>;
  /**
   * Lists the deployments of the environment, newest first.
   *
   * @param options - filters and the size of a page
   * @returns the first page; iterate over it with `for await` to get every deployment of every page
   * @throws BadRequestError when a filter is not valid
   * @example
   * ```ts
   * for await (const { version, createdAt } of deployments.list({ period: "7d" })) console.log(version, createdAt);
   * ```
   */
  list(options?: ListDeploymentsOptions, requestOptions?: RequestOptions): PagePromise<Deployment>;
}

const path = "/api/v1/deployments";

/**
 * Looks at the versions that were brought to an environment.
 *
 * @example
 * ```ts
 * const current = await deployments.retrieveCurrent();
 * console.log(`New runs execute ${current.version}.`);
 * ```
 */
export const deployments: DeploymentsApi = {
  retrieveCurrent: (requestOptions) =>
    apiPromise(async (send) => {
      const answer = await send({ method: "GET", path: `${path}/current`, options: requestOptions });
      const body = answer.body as Readonly<Record<string, unknown>> | null; // checked in the next line
      if (typeof body?.id !== "string" || typeof body.version !== "string")
        throw unexpectedAnswer(answer, "a deployment");
      return toDeployment(body);
    }),
  list(options = {}, requestOptions) {
    return pagePromise({ after: options.cursor }, async ({ after, before }, send) => {
      const query = new URLSearchParams();
      const { status, period, limit } = options;
      const parts = { status, from: timeText(options.from), to: timeText(options.to), period };
      const page = { "page[size]": limit?.toString(), "page[after]": after, "page[before]": before };
      for (const [name, text] of Object.entries({ ...parts, ...page })) if (text !== undefined) query.set(name, text);
      const answer = await send({ method: "GET", path: `${path}?${query}`, options: requestOptions });
      if (!isWireList(answer.body)) throw unexpectedAnswer(answer, "a list of deployments");
      return { data: answer.body.data.map(toDeployment), pagination: answer.body.pagination };
    });
  },
};

function timeText(time: Date | number | string | undefined): string | undefined {
  return time instanceof Date ? String(time.getTime()) : time?.toString();
}

/** The server answers with what the contract says. */
function toDeployment(body: Readonly<Record<string, unknown>>): Deployment {
  return withDates(body, ["createdAt", "deployedAt"]) as unknown as Deployment;
}
