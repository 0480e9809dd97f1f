import { join } from "node:path";
import { installPacked } from "./packed-product.ts";

/** The Pawl that is measured. */
export interface Product {
  readonly kind: "packed" | "source";
  /** Arguments for Node before those of the command. */
  readonly nodeArgs: readonly string[];
  /** The file that `pawl` runs. */
  readonly cli: string;
  /** Holds what a project's imports resolve to. */
  readonly nodeModules: string;
}

/** The folder of the repository. */
export const rootDir = join(import.meta.dirname, "../..");

/**
 * Finds the product: packs and installs it, or takes the sources.
 *
 * @param isFromSource - whether to take the sources
 * @param onProgress - told what takes time
 * @param signal - ends it early
 * @returns the product
 */
export async function findProduct(
  isFromSource: boolean,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<Product> {
  if (isFromSource) {
    const nodeModules = join(rootDir, "node_modules");
    const cli = join(rootDir, "packages/cli/bin/pawl.cjs");
    return { kind: "source", nodeArgs: ["--conditions=@pawl/source"], cli, nodeModules };
  }
  const nodeModules = join(await installPacked(rootDir, onProgress, signal), "node_modules");
  return { kind: "packed", nodeArgs: [], cli: join(nodeModules, "@pawl/cli/bin/pawl.cjs"), nodeModules };
}
