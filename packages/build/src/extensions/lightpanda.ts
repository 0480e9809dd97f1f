import { type DescribedExtension, described } from "./described-extension.ts";

/** What {@link lightpanda} takes. */
export interface LightpandaOptions {
  /** Default: `latest`. */
  readonly version?: "latest" | "nightly";
  /** Default: false. */
  readonly disableTelemetry?: boolean;
}

/**
 * The headless browser Lightpanda. It acts from deployments on; on your own machine it has to be there.
 *
 * @param options - which version
 * @returns the extension
 * @example
 * ```ts
 * lightpanda({ disableTelemetry: true });
 * ```
 */
export function lightpanda(options: LightpandaOptions = {}): DescribedExtension<LightpandaOptions> {
  return described("lightpanda", options);
}
