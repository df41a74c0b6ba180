// Headless Firefox by WebDriver BiDi: a page, what it leaves in `outcome`, and what its console said.

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

/**
 * Opens a page and waits until it has an outcome.
 *
 * @param url of the page
 */
export async function firefox<T>(
  url: string,
): Promise<{ readonly outcome: T; readonly errors: string[]; readonly warnings: string[] }> {
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
    await page.waitForFunction("globalThis.outcome !== undefined", { timeout: 120_000 });
    return { outcome: await page.evaluate("globalThis.outcome") as T, errors, warnings };
  } finally {
    await browser.close();
  }
}
