// The app without a network: the second visit forecasts from what the first one kept; a newer version is offered.

import assert from "node:assert/strict";
import type { Page, Request } from "playwright-core";
import { appFiles, untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";

/** Waits until the app is kept on the device. */
async function kept(page: Page): Promise<void> {
  await page.waitForFunction("navigator.serviceWorker.controller");
}

browserTest(
  "after one visit it forecasts offline; with a network again a newer version is offered",
  async () => {
    const files = new Map(await appFiles());
    await withApp(async ({ page }) => {
      await untilRun(page, /^1 step in /);
      await kept(page);
      const requests: string[] = [];
      const note = (request: Request) => requests.push(request.url());
      await page.context().setOffline(true);
      page.on("requestfailed", note);
      await page.reload();
      await untilRun(page, /^1 step in /);
      assert.deepEqual(requests, []);
      await page.locator(".status", { hasText: "Offline. Saved here: small model, Gray-Scott, Euler." })
        .waitFor();
      page.off("requestfailed", note);
      await page.context().setOffline(false);

      const text = (path: string) => new TextDecoder().decode(files.get(path)!);
      files.set(
        "index.html",
        new TextEncoder().encode(text("index.html").replace("<title>", "<title>Newer: ")),
      );
      const service = text("service_worker.js").replace(/"version":"\w+"/, '"version":"newer"');
      files.set("service_worker.js", new TextEncoder().encode(service));
      await page.reload();
      const offered = page.locator(".banner", { hasText: "New version ready." });
      await offered.waitFor();
      assert.doesNotMatch(await page.title(), /^Newer/);
      await Promise.all([page.waitForEvent("load"), offered.getByRole("button", { name: "Reload" }).click()]);
      assert.match(await page.title(), /^Newer/);
    }, { query: "?steps=1", files });
  },
);
