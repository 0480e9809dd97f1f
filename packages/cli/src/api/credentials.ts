import { CommandError } from "../command-error.ts";
import { findDevFile } from "../dev-file.ts";

/** Which server to speak to, and the key of an environment there. */
export interface Credentials {
  /** Without a slash at the end. */
  readonly apiUrl: string;
  readonly secretKey: string;
}

const defaultApiUrl = "http://localhost:3030";

/**
 * Finds server and key: `TRIGGER_SECRET_KEY` (with `TRIGGER_API_URL`, by default a server on this machine), else those of
 * the `pawl dev` that runs for the current folder.
 *
 * @param settings - the environment variables, and the folder to begin at
 * @returns server and key
 * @throws CommandError when there is no key
 */
export async function findCredentials(settings: {
  readonly env: NodeJS.ProcessEnv;
  readonly dir: string;
}): Promise<Credentials> {
  const { TRIGGER_SECRET_KEY: secretKey = "", TRIGGER_API_URL: apiUrl = "" } = settings.env;
  if (secretKey !== "") return { apiUrl: withoutSlash(apiUrl === "" ? defaultApiUrl : apiUrl), secretKey };
  const dev = await findDevFile(settings.dir);
  if (dev !== null && (apiUrl === "" || withoutSlash(apiUrl) === withoutSlash(dev.apiUrl))) {
    return { apiUrl: withoutSlash(dev.apiUrl), secretKey: dev.secretKey };
  }
  throw new CommandError(
    'There is no key to speak to a server with: start "pawl dev" in this folder, or set TRIGGER_SECRET_KEY (and TRIGGER_API_URL).',
  );
}

/**
 * Finds server and key for a command: as {@link findCredentials}, with this process's environment and folder.
 *
 * @returns server and key
 * @throws CommandError when there is no key
 */
export function credentialsHere(): Promise<Credentials> {
  return findCredentials({ env: process.env, dir: process.cwd() });
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
