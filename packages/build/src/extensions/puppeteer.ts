import { type DescribedExtension, described } from "./described-extension.ts";

/**
 * Tasks that use Puppeteer. It stays outside every bundle, from now on; Chrome is installed from deployments on.
 *
 * @returns the extension
 * @example
 * ```ts
 * puppeteer();
 * ```
 */
export function puppeteer(): DescribedExtension<object> {
  return described("puppeteer", {}, ["puppeteer", "puppeteer-core"]);
}
