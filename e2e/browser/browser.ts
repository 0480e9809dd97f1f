import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, extname, join } from "node:path";
import type { TestContext } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";

const contentTypes: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };

/**
 * Starts a browser for a test.
 *
 * @param t - the test; it is closed after it
 * @param executablePath - of Chromium
 * @returns the browser
 */
export async function openBrowser(t: TestContext, executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({ executablePath });
  t.after(() => browser.close());
  return browser;
}

/**
 * Serves the files of a folder on an origin of its own.
 *
 * @param t - the test; the server is closed after it
 * @param dir - the folder
 * @returns the URL of its `index.html`
 */
export async function serveFolder(t: TestContext, dir: string): Promise<string> {
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path =
      pathname === "/" ? "index.html" : join(pathname.startsWith("/assets/") ? "assets" : "", basename(pathname));
    response.setHeader("content-type", contentTypes[extname(path)] ?? "application/octet-stream");
    createReadStream(join(dir, path))
      .on("error", () => response.writeHead(404).end())
      .pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // it listens on a port
}

/** A state that a component has shown. */
export interface ShownState<T> {
  readonly state: T;
  readonly atMs: number;
}

/** What the page is asked to show. */
export interface Order {
  readonly component?: string;
  readonly props?: Readonly<Record<string, unknown>>;
  readonly auth?: { readonly accessToken: string; readonly baseURL: string };
}

/** The page of the components, as a test sees it. */
export interface HooksPage {
  readonly page: Page;
  /** Renders a component; one that is there already gets new props. What was shown before is forgotten. */
  show(order: Order): Promise<void>;
  /** Waits until the component has shown a state. */
  untilShown<T>(what: string, is: (state: T) => boolean): Promise<ShownState<T>>;
  /** Everything that was shown since the order. */
  allShown<T>(): Promise<readonly ShownState<T>[]>;
  click(button: string): Promise<void>;
  /** The addresses that the page has asked for since the order. */
  readonly requests: readonly string[];
  /** What the browser and React complained about, less what was expected. */
  complaints(expected?: RegExp): readonly string[];
}

/**
 * Opens the page of the components.
 *
 * @param browser - the browser
 * @param url - of the page
 * @returns the page
 */
export async function openHooksPage(browser: Browser, url: string): Promise<HooksPage> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("request", (request) => requests.push(`${request.method()} ${request.url()}`));
  await page.goto(url);
  const allShown = <T>() => page.evaluate("globalThis.shown") as Promise<readonly ShownState<T>[]>; // of shown.ts
  return {
    page,
    async show(order) {
      await page.evaluate("globalThis.shown.length = 0");
      requests.length = 0;
      await page.evaluate(`globalThis.show(${JSON.stringify(order)})`);
    },
    async untilShown<T>(what: string, is: (state: T) => boolean) {
      for (let seen = 0; ; ) {
        const all = await allShown<T>();
        const found = all.find(({ state }) => is(state));
        if (found !== undefined) return found;
        seen = all.length;
        await page.waitForFunction(`globalThis.shown.length > ${seen}`, undefined, { timeout: 15_000 }).catch(() => {
          throw new Error(
            `The page never showed ${what}. Last: ${JSON.stringify(all.at(-1))} ${complaints.join("\n")}`,
          );
        });
      }
    },
    allShown,
    click: (button) => page.getByRole("button", { name: button, exact: true }).click(),
    requests,
    complaints: (expected) => complaints.filter((text) => expected === undefined || !expected.test(text)),
  };
}
