import type { Plugin } from "esbuild";

export interface SentryOptions {
  readonly org?: string | undefined;
  readonly project?: string | undefined;
  readonly authToken?: string | undefined;
  readonly release?: string;
}
export declare function sentryEsbuildPlugin(options: SentryOptions): Plugin;
