import { type DescribedExtension, described } from "./described-extension.ts";

/** What {@link pythonExtension} takes. */
export interface PythonOptions {
  /** What to install, as a line of `requirements.txt` each; or `requirementsFile`. */
  readonly requirements?: readonly string[];
  readonly requirementsFile?: string;
  /** The Python of your own machine. */
  readonly devPythonBinaryPath?: string;
  /** Globs of scripts, relative to the project. */
  readonly scripts?: readonly string[];
}

/**
 * Python with packages, for scripts that tasks start. It acts from deployments on; on your own machine Python has to be there.
 *
 * @param options - packages and scripts
 * @returns the extension
 * @throws TypeError when both kinds of requirements are given
 * @example
 * ```ts
 * pythonExtension({ requirements: ["numpy==2.1.0"], scripts: ["python/**\/*.py"] });
 * ```
 */
export function pythonExtension(options: PythonOptions = {}): DescribedExtension<PythonOptions> {
  if (options.requirements !== undefined && options.requirementsFile !== undefined) {
    throw new TypeError("pythonExtension takes requirements or requirementsFile, not both.");
  }
  return described("python", options);
}
