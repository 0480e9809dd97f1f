import { type DescribedExtension, described } from "./described-extension.ts";

/** What {@link audioWaveform} takes. */
export interface AudioWaveformOptions {
  readonly version?: string;
  /** Of the package to install. */
  readonly checksum?: string;
}

/**
 * The program audiowaveform. It acts from deployments on; on your own machine it has to be there.
 *
 * @param options - which version
 * @returns the extension
 * @example
 * ```ts
 * audioWaveform();
 * ```
 */
export function audioWaveform(options: AudioWaveformOptions = {}): DescribedExtension<AudioWaveformOptions> {
  return described("audioWaveform", options);
}
