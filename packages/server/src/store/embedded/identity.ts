import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { StartError } from "../../start-error.ts";

const run = promisify(execFile);

/**
 * As whom Postgres runs, which refuses to be root. `namespace`: still root outside, and `nobody` in a user namespace of its
 * own, which needs no change of any file's owner. `user`: another user of this machine, who owns the data.
 */
export type Identity =
  | { readonly kind: "self" }
  | { readonly kind: "namespace" }
  | { readonly kind: "user"; readonly uid: number; readonly gid: number };

/** A program with all that has to stand before it. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: { readonly uid?: number; readonly gid?: number };
}

/**
 * Decides as whom Postgres runs. Data that exists decides by its owner, so that a folder keeps working after a move between machines.
 *
 * @param clusterDir - the folder of the database cluster, which may not exist yet
 * @returns the identity
 * @throws StartError when the data belongs to somebody else, or root has nobody to run as
 */
export async function chooseIdentity(clusterDir: string): Promise<Identity> {
  const self = process.getuid?.() ?? 0;
  const owner = await stat(clusterDir).catch(() => null);
  if (self !== 0) {
    if (owner !== null && owner.uid !== self) {
      throw new StartError(
        `The data in ${clusterDir} belongs to another user (uid ${owner.uid}): start as that user, or set PAWL_DATA_DIR to a folder of yours.`,
      );
    }
    return { kind: "self" };
  }
  if (owner !== null && owner.uid !== 0) return { kind: "user", uid: owner.uid, gid: owner.gid };
  if (await works("unshare", [...namespaceArgs, "true"])) return { kind: "namespace" };
  if (owner !== null) {
    throw new StartError(
      `The data in ${clusterDir} belongs to root, and this machine allows no user namespace to run Postgres in: start as another user, or chown the folder to one.`,
    );
  }
  return serviceUser();
}

/**
 * Makes the command that runs a program of Postgres.
 *
 * @param identity - as whom
 * @param program - its absolute path
 * @param args - its arguments
 * @param settings - `endsWithOwner`: where the system can, the program gets SIGINT when this process dies
 * @returns what to spawn
 */
export async function commandFor(
  identity: Identity,
  program: string,
  args: readonly string[],
  settings: { readonly endsWithOwner: boolean },
): Promise<Command> {
  const hasSetpriv = process.platform === "linux" && (await works("setpriv", ["--pdeathsig", "INT", "true"]));
  const words = identity.kind === "namespace" ? ["unshare", ...namespaceArgs, program, ...args] : [program, ...args];
  const options = identity.kind === "user" ? { uid: identity.uid, gid: identity.gid } : {};
  if (!hasSetpriv || !settings.endsWithOwner) return toCommand(words, options);
  // The signal is asked for after the change of user, which would clear it.
  const asUser =
    identity.kind === "user" ? ["--reuid", `${identity.uid}`, "--regid", `${identity.gid}`, "--clear-groups"] : [];
  return toCommand(["setpriv", ...asUser, "--pdeathsig", "INT", ...words], {});
}

const namespaceArgs = ["-U", "--map-user=65534", "--map-group=65534"];

function toCommand(words: readonly string[], options: Command["options"]): Command {
  const [file = "", ...args] = words;
  return { file, args, options };
}

async function works(file: string, args: readonly string[]): Promise<boolean> {
  return run(file, args).then(
    () => true,
    () => false,
  );
}

async function serviceUser(): Promise<Identity> {
  const users = (await readFile("/etc/passwd", "utf8").catch(() => "")).split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const user = users.find((fields) => fields[0] === name);
    if (user !== undefined) return { kind: "user", uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new StartError(
    "Postgres refuses to run as root, and there is no other user to run it as: start as another user, or set DATABASE_URL.",
  );
}
