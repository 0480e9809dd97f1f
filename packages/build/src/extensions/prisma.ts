import { type DescribedExtension, described } from "./described-extension.ts";

/** What {@link prismaExtension} takes. */
export interface PrismaOptions {
  /**
   * `legacy`: the client is generated for a deployment; `engine-only`: only the engines are brought; `modern`: you generate the
   * client yourself. Default: `legacy`.
   */
  readonly mode?: "legacy" | "engine-only" | "modern";
  /** Default: the one that is installed. */
  readonly version?: string;
  /** The schema, relative to the project; or `configFile`. */
  readonly schema?: string;
  readonly configFile?: string;
  /** Whether `prisma migrate deploy` is executed first; default: false. */
  readonly migrate?: boolean;
  readonly typedSql?: boolean;
  readonly clientGenerator?: string;
  /** The variable with the address of the database without a pooler. */
  readonly directUrlEnvVarName?: string;
  readonly binaryTarget?: string;
  readonly silent?: boolean;
}

/**
 * Tasks that use Prisma. Its packages stay outside every bundle, from now on; the client is generated from deployments on. On your
 * own machine you run `prisma generate`.
 *
 * @param options - how; without a word: `legacy`
 * @returns the extension
 * @throws TypeError for a mode that does not exist
 * @example
 * ```ts
 * prismaExtension({ version: "5.19.0", schema: "prisma/schema.prisma" });
 * ```
 */
export function prismaExtension(options: PrismaOptions = {}): DescribedExtension<PrismaOptions> {
  const { mode = "legacy" } = options;
  if (!["legacy", "engine-only", "modern"].includes(mode)) {
    throw new TypeError(`The mode of prismaExtension is "${mode}"; it must be legacy, engine-only or modern.`);
  }
  return described("prisma", { ...options, mode }, ["@prisma/client", "@prisma/engines"]);
}
