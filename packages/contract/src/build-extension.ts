/** What a bundle is made for: `dev` by `pawl dev` and `pawl worker`, `deploy` by a deployment. */
export type BuildTarget = "dev" | "deploy";

/** A plugin of esbuild, of whatever version. */
export interface BundlerPlugin {
  readonly name: string;
  /** Gets esbuild's `PluginBuild`. */
  readonly setup: (build: never) => unknown;
}

/** When a plugin is part of the bundler, and where among the others of the project. */
export interface PluginOptions {
  /** Before or after those that are registered already; default: `last`. */
  readonly placement?: "first" | "last";
  /** Only for bundles of this kind; default: for all. */
  readonly target?: BuildTarget;
}

/** Part of what a version needs around its bundle. Of these, `conditions` act now; the rest is kept for deployments. */
export interface BuildLayer {
  readonly id: string;
  /** Commands that are executed while an image is made. */
  readonly commands?: readonly string[];
  /** Files to write, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
  readonly image?: { readonly pkgs?: readonly string[]; readonly instructions?: readonly string[] };
  readonly build?: { readonly env?: Readonly<Record<string, string | undefined>> };
  readonly deploy?: { readonly env?: Readonly<Record<string, string | undefined>>; readonly override?: boolean };
  /** npm packages with their versions. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Further export conditions to resolve packages by. */
  readonly conditions?: readonly string[];
}

/** What an extension may do when a bundle is made. */
export interface BuildContext {
  readonly target: BuildTarget;
  /** The project's configuration. */
  readonly config: { readonly project?: string | undefined };
  /** The project's folder, absolute. */
  readonly workingDir: string;
  readonly logger: {
    debug(...values: readonly unknown[]): void;
    log(...values: readonly unknown[]): void;
    warn(...values: readonly unknown[]): void;
  };
  addLayer(layer: BuildLayer): void;
  registerPlugin(plugin: BundlerPlugin, options?: PluginOptions): void;
  /** The file that an import of a package means, seen from the project; undefined when it is not installed. */
  resolvePath(path: string): Promise<string | undefined>;
}

/** A bundle that was made. */
export interface BuildManifest {
  readonly target: BuildTarget;
  /** The folder of the bundle, absolute. */
  readonly outputPath: string;
  readonly contentHash: string;
}

/** Something that takes part in making bundles; `build.extensions` of a configuration lists them. */
export interface BuildExtension {
  readonly name: string;
  /** Packages to leave outside the bundle. */
  readonly externalsForTarget?: (
    target: BuildTarget,
  ) => readonly string[] | undefined | Promise<readonly string[] | undefined>;
  /** Called before each bundle. What it throws stops the bundle. */
  readonly onBuildStart?: (context: BuildContext) => unknown;
  /** Called after each bundle. What it throws stops the version. */
  readonly onBuildComplete?: (context: BuildContext, manifest: BuildManifest) => unknown;
}
