import type { PartialRetryPolicy } from "@pawl/contract/retry";
import { ApiClientMissingError } from "../errors/api-error.ts";
import { type OptionNames, unknownOption } from "../options/option-names.ts";
import { type DevServer, readDevServer } from "./dev-server.ts";
import { environmentVariable } from "./node-modules.ts";
import { scopedConfiguration } from "./scoped-configuration.ts";

/**
 * Settings of single calls.
 *
 * @example
 * ```ts
 * await runs.retrieve("run_…", { retry: { maxAttempts: 1 }, clientConfig: { accessToken: staging.key, baseURL: staging.url } });
 * ```
 */
export interface RequestOptions {
  /** How often, and after which delays, a call is repeated; default: 5 attempts, 1 s × 1.6, at most 30 s apart. */
  readonly retry?: PartialRetryPolicy;
  /** Where this call goes, and with which key, whatever is configured otherwise; see also `TriggerClient`. */
  readonly clientConfig?: CallTarget;
}

/** The target of single calls. What it leaves out comes from the environment, and not from `configure`. */
export interface CallTarget extends ClientConfiguration {
  /**
   * Whether what it leaves out comes from `configure` and `auth.withAuth` first, and runs that a task's code triggers are children of
   * its run; default: no.
   */
  readonly inheritContext?: boolean;
}

/**
 * What `configure` takes. What it leaves out comes from the environment.
 *
 * @example
 * ```ts
 * configure({ accessToken: "tr_prod_…", baseURL: "https://pawl.example.com", requestOptions: { retry: { maxAttempts: 3 } } });
 * ```
 */
export interface ClientConfiguration {
  /** The environment's key; default: `TRIGGER_SECRET_KEY`, then `TRIGGER_ACCESS_TOKEN`. */
  readonly secretKey?: string;
  /** The same as `secretKey`, also for public access tokens. */
  readonly accessToken?: string;
  /** Where the server is; default: `TRIGGER_API_URL`. */
  readonly baseURL?: string;
  /** The branch of a preview environment; default: `TRIGGER_PREVIEW_BRANCH`. */
  readonly previewBranch?: string;
  /** Settings of every call, under those of the call itself. */
  readonly requestOptions?: Omit<RequestOptions, "clientConfig">;
}

/** Where calls go and with which key. */
export interface ClientSettings {
  readonly baseUrl: string;
  readonly key: string;
  readonly branch: string | undefined;
  readonly retry: PartialRetryPolicy | undefined;
  /** Of the call alone, where it has a target of its own. */
  readonly target: CallTarget | undefined;
  /** Whether `pawl dev` beside the app is the source, so that a restart of it may have changed them. */
  readonly isFromDevServer: boolean;
}

// Copies of the SDK in one process (ESM and CommonJS, say) share one configuration.
const holderSymbol = Symbol.for("pawl.client.1");

interface Holder {
  [holderSymbol]?: ClientConfiguration;
}

const holder = globalThis as Holder; // the symbol is ours alone
let devServer: DevServer | null = null;

/**
 * Sets the server and the key for every later call in this process, instead of the environment variables.
 *
 * @param configuration - each call replaces what the last one set
 * @throws TypeError that names a misspelt setting
 * @example
 * ```ts
 * configure({ secretKey: "tr_dev_…", baseURL: "http://localhost:3030" });
 * ```
 */
export function configure(configuration: ClientConfiguration): void {
  checkConfiguration("configure", configuration);
  holder[holderSymbol] = configuration;
}

const names: OptionNames<CallTarget> & { readonly future: true } = {
  secretKey: true,
  accessToken: true,
  baseURL: true,
  previewBranch: true,
  requestOptions: true,
  inheritContext: true,
  future: true, // of the original, where it chooses what there is no choice of here
};

/**
 * Refuses settings of a client that there are not.
 *
 * @param callName - who was given them, for the message
 * @param configuration - the settings
 * @throws TypeError that names the setting, and the one that may be meant
 * @example
 * ```ts
 * checkConfiguration("configure", { baseURL: "http://localhost:3030" });
 * ```
 */
export function checkConfiguration(callName: string, configuration: CallTarget): void {
  const problem = unknownOption(configuration, names);
  if (problem !== null) throw new TypeError(`${callName} ${problem}`);
}

/**
 * Gives what was configured: for the calling code, or for the process.
 *
 * @returns the configuration; an empty one where there is none
 * @example
 * ```ts
 * currentConfiguration().baseURL; // "http://localhost:3030"
 * ```
 */
export function currentConfiguration(): ClientConfiguration {
  return scopedConfiguration() ?? holder[holderSymbol] ?? {};
}

/**
 * Finds where calls go: the call's own target, `auth.withAuth` around them, `configure`, then the environment, then the `.pawl/dev.json` of
 * a running `pawl dev`, outside production.
 *
 * @param target - of the call alone
 * @returns the settings
 * @throws ApiClientMissingError naming what to set
 * @example
 * ```ts
 * clientSettings().baseUrl; // "http://localhost:3030"
 * ```
 */
export function clientSettings(target?: CallTarget): ClientSettings {
  const set = target === undefined ? currentConfiguration() : configurationOf(target);
  const key =
    set.secretKey ??
    set.accessToken ??
    environmentVariable("TRIGGER_SECRET_KEY") ??
    environmentVariable("TRIGGER_ACCESS_TOKEN");
  const givenUrl = (set.baseURL ?? environmentVariable("TRIGGER_API_URL"))?.replace(/\/$/, "");
  const branch =
    set.previewBranch ?? environmentVariable("TRIGGER_PREVIEW_BRANCH") ?? environmentVariable("VERCEL_GIT_COMMIT_REF");
  const rest = { branch, retry: set.requestOptions?.retry, target };
  if (key === undefined) {
    const found = currentDevServer(givenUrl);
    return { baseUrl: found.apiUrl, key: found.secretKey, isFromDevServer: true, ...rest };
  }
  if (givenUrl === undefined) {
    throw new ApiClientMissingError(
      "The URL of the Pawl server is not known. Set TRIGGER_API_URL, or call configure({ baseURL }).",
    );
  }
  if (!/^https?:\/\/[^/?#\s]+[^?#\s]*$/.test(givenUrl)) {
    throw new ApiClientMissingError(
      `"${givenUrl}" is no URL of a server. Set TRIGGER_API_URL like http://localhost:3030.`,
    );
  }
  return { baseUrl: givenUrl, key, isFromDevServer: false, ...rest };
}

/** A key takes the place of both ways to say one. One that is undefined by accident must not let another one through. */
function configurationOf(target: CallTarget): ClientConfiguration {
  const isKeyed = target.secretKey !== undefined || target.accessToken !== undefined;
  if (!isKeyed && ("secretKey" in target || "accessToken" in target)) {
    throw new ApiClientMissingError(
      "The key that the client was given is undefined. Set it, or leave it out to use TRIGGER_SECRET_KEY.",
    );
  }
  if (target.inheritContext !== true) return target;
  const { secretKey: _key, accessToken: _token, ...around } = currentConfiguration();
  return { ...(isKeyed ? around : currentConfiguration()), ...target };
}

/** Forgets what `.pawl/dev.json` said, since `pawl dev` may have been started anew. */
export function forgetDevServer(): void {
  devServer = null;
}

/** A key is only sent to the server that it was written down for. */
function currentDevServer(givenUrl: string | undefined): DevServer {
  if (devServer !== null && (givenUrl === undefined || givenUrl === devServer.apiUrl)) return devServer;
  const hint = "Set TRIGGER_SECRET_KEY and TRIGGER_API_URL, or call configure({ secretKey, baseURL }).";
  if (environmentVariable("NODE_ENV") === "production") {
    throw new ApiClientMissingError(`No key is set. ${hint}`);
  }
  const found = readDevServer();
  if (found.kind === "absent") {
    throw new ApiClientMissingError(
      `No key is set, and no "pawl dev" runs in this folder or above it. Start "pawl dev" here. For a server elsewhere: ${hint}`,
    );
  }
  if (found.kind === "unusable") throw new ApiClientMissingError(`No key is set, and ${found.reason} ${hint}`);
  if (givenUrl !== undefined && givenUrl !== found.server.apiUrl) {
    throw new ApiClientMissingError(
      `No key is set for ${givenUrl}; the "pawl dev" beside this app is at ${found.server.apiUrl}. ${hint}`,
    );
  }
  devServer = found.server;
  return devServer;
}
