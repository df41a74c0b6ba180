// Headless Chromium for the tests of this folder: whether it is there, and a page in it whose errors are kept.

import type { Browser, Page } from "playwright-core";

/** Where Debian's package puts it. */
export const CHROMIUM = "/usr/bin/chromium";

/** Why tests in a browser can not run; null where they can. */
export function missing(): string | null {
  try {
    Deno.statSync(CHROMIUM);
    return null;
  } catch {
    return `${CHROMIUM} is not installed`;
  }
}

/** What it is started with. */
export const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Without it headless Chromium has no adapter.
  "--enable-unsafe-webgpu",
];

/** Browsers that run, by the flags they were started with: tests share them, each in a context of its own. */
const running = new Map<string, Promise<Browser>>();

/**
 * The browser that tests share; ended after the last of them.
 *
 * @param more flags
 */
export async function sharedBrowser(more: readonly string[] = []): Promise<Browser> {
  const key = more.join(" ");
  const found = await running.get(key)?.catch(() => null);
  if (found?.isConnected()) return found;
  // Loaded where it is needed only: it asks for much.
  const { chromium } = await import("playwright-core");
  const started = chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...more] });
  running.set(key, started);
  return await started;
}

Deno.test.afterAll(async () => {
  const opened = await Promise.allSettled(running.values());
  running.clear();
  for (const browser of opened) if (browser.status === "fulfilled") await browser.value.close();
});

/**
 * Opens a page, uses it, and ends the browser.
 *
 * @param url of the page
 * @param use is given the page and what went wrong in it so far
 * @param options `profile`: whether it has one, hence a cache on disk for files of any size
 */
export async function inBrowser<T>(
  url: string,
  use: (page: Page, errors: readonly string[]) => Promise<T>,
  { profile = false }: { readonly profile?: boolean } = {},
): Promise<T> {
  const { chromium } = await import("playwright-core");
  const options = { executablePath: CHROMIUM, args: FLAGS };
  // Without a name the profile is a new one that goes with the browser.
  const browser = await (profile ? chromium.launchPersistentContext("", options) : chromium.launch(options));
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(url);
    return await use(page, errors);
  } finally {
    await browser.close();
  }
}

/**
 * Registers a test in the browser; without one the test is reported as ignored.
 *
 * @param name what the test says
 * @param run the test
 */
export function browserTest(name: string, run: () => Promise<void>): void {
  const reason = missing();
  Deno.test({
    name: reason ? `${name} (${reason})` : name,
    ignore: reason !== null,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: run,
  });
}
