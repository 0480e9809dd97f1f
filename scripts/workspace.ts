import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder of the repository. */
export const rootDir = join(import.meta.dirname, "..");

/** What the scripts read of a package.json. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A package under `packages/`. */
export interface WorkspacePackage {
  /** The name of its folder, such as `sdk`. */
  readonly folder: string;
  readonly dir: string;
  readonly manifest: PackageManifest;
}

/**
 * Lists the packages under `packages/`, each after those it depends on.
 *
 * @param root - the repository; default: this one
 * @returns the packages in the order in which they can be built
 */
export function listPackages(root = rootDir): readonly WorkspacePackage[] {
  const waiting = readdirSync(join(root, "packages"))
    .sort()
    .map((folder): WorkspacePackage => {
      const dir = join(root, "packages", folder);
      // The manifests are ours: what they hold is checked by npm, not here.
      const manifest = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as PackageManifest;
      return { folder, dir, manifest };
    });
  const names = new Set(waiting.map((pkg) => pkg.manifest.name));
  const ordered: WorkspacePackage[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ manifest }) =>
      Object.keys(manifest.dependencies ?? {}).every(
        (name) => !names.has(name) || ordered.some((pkg) => pkg.manifest.name === name),
      ),
    );
    if (next === -1) throw new Error(`Packages depend on each other: ${waiting.map((pkg) => pkg.folder).join(", ")}`);
    ordered.push(...waiting.splice(next, 1));
  }
  return ordered;
}
