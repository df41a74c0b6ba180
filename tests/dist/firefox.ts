// Headless Firefox by WebDriver BiDi: a page, what it leaves in `outcome`, and what its console said.

import type { Page } from "puppeteer-core";

const FIREFOX = "/usr/bin/firefox-esr";

/** Why tests in Firefox can not run; null where they can. */
export function firefoxMissing(): string | null {
  try {
    Deno.statSync(FIREFOX);
    return null;
  } catch {
    return `${FIREFOX} is not installed`;
  }
}

/** A page in Firefox, and what its console said so far. */
export interface FirefoxPage {
  readonly page: Page;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Opens a page, uses it, and ends the browser.
 *
 * @param url of the page
 * @param use is given the page
 */
export async function inFirefox<T>(url: string, use: (opened: FirefoxPage) => Promise<T>): Promise<T> {
  const { launch } = await import("puppeteer-core");
  const browser = await launch({ browser: "firefox", executablePath: FIREFOX, headless: true });
  try {
    const [errors, warnings]: [string[], string[]] = [[], []];
    const page = await browser.newPage();
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
      if (message.type() === "warn") warnings.push(message.text());
    });
    await page.goto(url);
    return await use({ page, errors, warnings });
  } finally {
    await browser.close();
  }
}

/** What a page left in `outcome`, and what its console said. */
export interface Outcome<T> extends Omit<FirefoxPage, "page"> {
  readonly outcome: T;
}

/**
 * Opens a page and waits until it has an outcome.
 *
 * @param url of the page
 */
export async function firefox<T>(url: string): Promise<Outcome<T>> {
  return await inFirefox(url, async ({ page, errors, warnings }) => {
    await page.waitForFunction("globalThis.outcome !== undefined", { timeout: 120_000 });
    return { outcome: await page.evaluate("globalThis.outcome") as T, errors, warnings };
  });
}
