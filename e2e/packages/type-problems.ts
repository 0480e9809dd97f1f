import { readFile } from "node:fs/promises";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";

/**
 * Looks whether the types of a packed package are found, and say what the code is, however it is imported. The resolution of
 * TypeScript's old `node10` is left out for subpaths, which it does not know.
 *
 * @param tarball - its path
 * @param isDual - whether it can be imported and required; else it is an ES module alone
 * @returns a line for each problem
 */
export async function typeProblems(tarball: string, isDual: boolean): Promise<readonly string[]> {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(await readFile(tarball))));
  if (result.types === false) return ["It has no types."];
  return result.problems.flatMap((problem) => {
    const isOfOld = "resolutionKind" in problem && problem.resolutionKind === "node10";
    if (isOfOld && (!isDual || problem.entrypoint !== ".")) return [];
    if (problem.kind === "CJSResolvesToESM" && !isDual) return [];
    return [JSON.stringify(problem)];
  });
}
