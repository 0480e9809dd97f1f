import { cp, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { rootDir, type Stage } from "./stage.ts";

/**
 * Makes a project of `e2e/projects/seeds`, which is written as for the original, with the packages that it imports.
 *
 * @param stage - where
 * @param packages - the folder of each package by the name under which the project imports it
 * @param compilerOptions - further ones; `extends` of the repository's own where they are its sources
 * @returns the project's folder
 */
export async function openOriginalProject(
  stage: Stage,
  packages: Readonly<Record<string, string>>,
  compilerOptions: Readonly<Record<string, unknown>>,
): Promise<string> {
  const dir = stage.path("seeds");
  await cp(join(rootDir, "e2e", "projects", "seeds"), dir, { recursive: true });
  const all = { ...packages, "@sentry/esbuild-plugin": join(dir, "packages", "sentry") };
  for (const [name, target] of Object.entries(all)) {
    await mkdir(dirname(join(dir, "node_modules", name)), { recursive: true });
    await symlink(target, join(dir, "node_modules", name));
  }
  const typeRoots = [join(dir, "node_modules", "@types")];
  await stage.write({
    "seeds/package.json": JSON.stringify({ type: "module" }),
    "seeds/tsconfig.json": JSON.stringify({
      extends: join(rootDir, "tsconfig.json"),
      compilerOptions: { typeRoots, ...compilerOptions },
      include: ["trigger.config.ts", "trigger", "app"],
      exclude: [],
    }),
  });
  return dir;
}
