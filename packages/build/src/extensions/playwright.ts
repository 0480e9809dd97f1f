import { type DescribedExtension, described } from "./described-extension.ts";

/** What {@link playwright} takes. */
export interface PlaywrightOptions {
  /** Default: chromium alone. */
  readonly browsers?: readonly ("chromium" | "firefox" | "webkit")[];
  /** Whether no screen is needed; default: true. */
  readonly headless?: boolean;
  /** Default: the one that is installed. */
  readonly version?: string;
}

/**
 * Tasks that use Playwright. Its packages stay outside every bundle, from now on; the browsers are installed from deployments on. On
 * your own machine you run `npx playwright install`.
 *
 * @param options - which browsers
 * @returns the extension
 * @example
 * ```ts
 * playwright({ browsers: ["chromium", "firefox"] });
 * ```
 */
export function playwright(options: PlaywrightOptions = {}): DescribedExtension<PlaywrightOptions> {
  return described("playwright", options, ["playwright", "playwright-core", "@playwright/browser-chromium"]);
}
