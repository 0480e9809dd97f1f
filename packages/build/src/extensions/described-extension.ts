import type { BuildExtension } from "@pawl/contract/build-extension";

/** An extension that says what a version needs around its bundle: kept with the configuration, and read by deployments. */
export interface DescribedExtension<TOptions> extends BuildExtension {
  readonly options: TOptions;
}

/**
 * Makes an extension that describes something.
 *
 * @param name - of the extension
 * @param options - what it describes
 * @param externals - packages that stay outside every bundle
 * @returns the extension
 */
export function described<TOptions>(
  name: string,
  options: TOptions,
  externals: readonly string[] = [],
): DescribedExtension<TOptions> {
  return externals.length === 0 ? { name, options } : { name, options, externalsForTarget: () => externals };
}

/**
 * Checks a list that an extension needs.
 *
 * @param subject - the option, for the message
 * @param list - its value
 * @throws TypeError when it is no list of texts, or empty
 */
export function checkTexts(subject: string, list: unknown): void {
  const isList =
    Array.isArray(list) && list.length > 0 && list.every((text) => typeof text === "string" && text !== "");
  if (!isList) throw new TypeError(`${subject} must be a list with at least one text in it.`);
}
