// The app without a network: the second visit forecasts from what the first one kept; a newer version is offered.

import assert from "node:assert/strict";
import { appFiles, untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";

browserTest("after one visit it forecasts offline, and says so", async () => {
  await withApp(async ({ page }) => {
    await untilRun(page, /^2 steps in /);
    await page.waitForFunction("navigator.serviceWorker.controller", undefined, { timeout: 60_000 });
    const requests: string[] = [];
    await page.context().setOffline(true);
    page.on("requestfailed", (request) => requests.push(request.url()));
    await page.reload();
    await untilRun(page, /^2 steps in /);
    assert.deepEqual(requests, []);
    await page.locator(".status", { hasText: "Offline. Saved here: small model, Gray-Scott, Euler." })
      .waitFor();
  }, { query: "?steps=2" });
});

browserTest("a newer version is offered, and is there after Reload", async () => {
  const files = new Map(await appFiles());
  await withApp(async ({ page }) => {
    await untilRun(page, /^1 step in /);
    await page.waitForFunction("navigator.serviceWorker.controller", undefined, { timeout: 60_000 });
    const text = (path: string) => new TextDecoder().decode(files.get(path)!);
    files.set(
      "index.html",
      new TextEncoder().encode(text("index.html").replace("<title>", "<title>Newer: ")),
    );
    const service = text("service_worker.js").replace(/"version":"\w+"/, '"version":"newer"');
    files.set("service_worker.js", new TextEncoder().encode(service));
    await page.reload();
    const offered = page.locator(".banner", { hasText: "New version ready." });
    await offered.waitFor({ timeout: 60_000 });
    assert.doesNotMatch(await page.title(), /^Newer/);
    await Promise.all([page.waitForEvent("load"), offered.getByRole("button", { name: "Reload" }).click()]);
    assert.match(await page.title(), /^Newer/);
  }, { query: "?steps=1", files });
});
