import type { EnvVarAnswer } from "@pawl/contract/api/env-vars";
import { type ApiPromise, apiPromise, type SendCall } from "../client/api-promise.ts";
import type { ApiAnswer, ApiCall } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { envVarName, type Place, placed } from "./env-var-place.ts";

/** An environment variable. */
export interface EnvironmentVariable {
  readonly name: string;
  /** `<redacted>` of a secret. */
  readonly value: string;
  /** Whether its value is shown to nobody but the processes of runs. */
  readonly isSecret: boolean;
}

/** What `envvars.create` takes. */
export interface CreateEnvVarOptions {
  /** Letters, digits and `_`; not a digit first. */
  readonly name: string;
  /** At most 64 KB. */
  readonly value: string;
  /** Whether it is never shown again; default: as it was, or not. */
  readonly isSecret?: boolean;
}

/** What `envvars.update` takes. */
export interface UpdateEnvVarOptions {
  readonly value: string;
}

/** What `envvars.upload` takes. */
export interface UploadEnvVarsOptions {
  /** Values by name, at most 1,000. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether variables that exist get the new value; default: they stay as they are. */
  readonly override?: boolean;
  readonly isSecret?: boolean;
}

/** What a change of variables answers. */
export interface EnvVarChange {
  readonly success: boolean;
}

/**
 * `envvars`: the environment variables of an environment. Outside of a run each call begins with the project's ref and the slug of the
 * environment that the key is for (`dev`, `prod`, …); in the code of a task both can be left out, for the environment of the run.
 */
export interface EnvVarsApi {
  /**
   * Lists the variables, by name.
   *
   * @returns all of them; the value of a secret is `<redacted>`
   * @throws PermissionDeniedError when the key is that of another environment
   * @example
   * ```ts
   * for (const { name, value } of await envvars.list("proj_…", "dev")) console.log(name, value);
   * ```
   */
  list(projectRef: string, slug: string, requestOptions?: RequestOptions): ApiPromise<readonly EnvironmentVariable[]>;
  list(requestOptions?: RequestOptions): ApiPromise<readonly EnvironmentVariable[]>;
  /**
   * Sets a variable, also one that exists.
   *
   * @param options - its name, its value, and whether it is a secret
   * @throws BadRequestError for a name or a value that can't be; PermissionDeniedError as `list`
   * @example
   * ```ts
   * await envvars.create("proj_…", "dev", { name: "SLACK_TOKEN", value: "xoxb-…", isSecret: true });
   * ```
   */
  create(
    projectRef: string,
    slug: string,
    options: CreateEnvVarOptions,
    requestOptions?: RequestOptions,
  ): ApiPromise<EnvVarChange>;
  create(options: CreateEnvVarOptions, requestOptions?: RequestOptions): ApiPromise<EnvVarChange>;
  /**
   * Gets a variable.
   *
   * @param name - of the variable
   * @throws NotFoundError when there is no such variable; PermissionDeniedError as `list`
   * @example
   * ```ts
   * const { value } = await envvars.retrieve("proj_…", "dev", "API_URL");
   * ```
   */
  retrieve(
    projectRef: string,
    slug: string,
    name: string,
    requestOptions?: RequestOptions,
  ): ApiPromise<EnvironmentVariable>;
  retrieve(name: string, requestOptions?: RequestOptions): ApiPromise<EnvironmentVariable>;
  /**
   * Gives a variable another value.
   *
   * @param name - of the variable
   * @param options - the value
   * @throws NotFoundError when there is no such variable; PermissionDeniedError as `list`
   * @example
   * ```ts
   * await envvars.update("proj_…", "dev", "API_URL", { value: "https://api.example.com" });
   * ```
   */
  update(
    projectRef: string,
    slug: string,
    name: string,
    options: UpdateEnvVarOptions,
    requestOptions?: RequestOptions,
  ): ApiPromise<EnvVarChange>;
  update(name: string, options: UpdateEnvVarOptions, requestOptions?: RequestOptions): ApiPromise<EnvVarChange>;
  /**
   * Removes a variable.
   *
   * @param name - of the variable
   * @throws NotFoundError when there is no such variable; PermissionDeniedError as `list`
   * @example
   * ```ts
   * await envvars.del("proj_…", "dev", "API_URL");
   * ```
   */
  del(projectRef: string, slug: string, name: string, requestOptions?: RequestOptions): ApiPromise<EnvVarChange>;
  del(name: string, requestOptions?: RequestOptions): ApiPromise<EnvVarChange>;
  /**
   * Sets many variables by one call: all of them, or none.
   *
   * @param options - the variables, and whether those that exist are changed
   * @throws BadRequestError for a name or a value that can't be; PermissionDeniedError as `list`
   * @example
   * ```ts
   * await envvars.upload("proj_…", "dev", { variables: { API_URL: "https://api.example.com" }, override: true });
   * ```
   */
  upload(
    projectRef: string,
    slug: string,
    options: UploadEnvVarsOptions,
    requestOptions?: RequestOptions,
  ): ApiPromise<EnvVarChange>;
  upload(options: UploadEnvVarsOptions, requestOptions?: RequestOptions): ApiPromise<EnvVarChange>;
}

/**
 * Manages the environment variables of an environment; see {@link EnvVarsApi}.
 *
 * @example
 * ```ts
 * await envvars.upload("proj_…", "prod", { variables: { API_URL: "https://api.example.com" } });
 * ```
 */
export const envvars: EnvVarsApi = {
  list: (...given: readonly unknown[]) =>
    apiPromise(async (send) => {
      const { place, rest } = placed("envvars.list", given, typeof given[0] === "string");
      const answer = await send({ method: "GET", path: pathOf(place), options: optionsIn(rest[0]) });
      if (!Array.isArray(answer.body)) throw unexpectedAnswer(answer, "a list of environment variables");
      return answer.body as readonly EnvVarAnswer[]; // the server answers with what the contract says
    }),
  create: (...given: readonly unknown[]) =>
    apiPromise(async (send) => {
      const { place, rest } = placed("envvars.create", given, typeof given[0] === "string");
      return change(send, {
        method: "POST",
        path: pathOf(place),
        body: JSON.stringify(rest[0]),
        options: optionsIn(rest[1]),
      });
    }),
  retrieve: (...given: readonly unknown[]) =>
    apiPromise(async (send) => {
      const { place, rest } = placed("envvars.retrieve", given, typeof given[1] === "string");
      const answer = await send({ method: "GET", path: pathOf(place, rest[0]), options: optionsIn(rest[1]) });
      return readEnvVar(answer);
    }),
  update: (...given: readonly unknown[]) =>
    apiPromise(async (send) => {
      const { place, rest } = placed("envvars.update", given, typeof given[1] === "string");
      const [name, value, options] = rest;
      const path = pathOf(place, name);
      return change(send, { method: "PUT", path, body: JSON.stringify(value), options: optionsIn(options) });
    }),
  del: (...given: readonly unknown[]) =>
    apiPromise(async (send) => {
      const { place, rest } = placed("envvars.del", given, typeof given[1] === "string");
      return change(send, { method: "DELETE", path: pathOf(place, rest[0]), options: optionsIn(rest[1]) });
    }),
  upload: (...given: readonly unknown[]) =>
    apiPromise(async (send) => {
      const { place, rest } = placed("envvars.upload", given, typeof given[0] === "string");
      const path = `${pathOf(place)}/import`;
      return change(send, { method: "POST", path, body: JSON.stringify(rest[0]), options: optionsIn(rest[1]) });
    }),
};

function pathOf({ projectRef, slug }: Place, name?: unknown): string {
  const path = `/api/v1/projects/${encodeURIComponent(projectRef)}/envvars/${encodeURIComponent(slug)}`;
  return name === undefined ? path : `${path}/${encodeURIComponent(envVarName(name))}`;
}

/** The overloads say where they are. */
function optionsIn(argument: unknown): RequestOptions | undefined {
  return argument as RequestOptions | undefined;
}

async function change(send: SendCall, call: ApiCall): Promise<EnvVarChange> {
  const answer = await send(call);
  const { success } = (answer.body ?? {}) as { readonly success?: unknown }; // checked in the next line
  if (typeof success !== "boolean") throw unexpectedAnswer(answer, "whether it has succeeded");
  return { success };
}

function readEnvVar(answer: ApiAnswer): EnvironmentVariable {
  const found = answer.body as EnvVarAnswer | null; // checked in the next line
  if (typeof found?.name !== "string") throw unexpectedAnswer(answer, "an environment variable");
  return found;
}
