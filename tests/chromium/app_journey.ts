// The app as a visitor meets it: it forecasts without a click, is cancelled and goes on, draws several seeds, and one
// link gives the same bits again.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";

/** Scores of the forecast as charts and files have them. */
async function curve(page: Page, id = "a"): Promise<number[]> {
  return await page.evaluate(
    `walrusApp.store.get().scene.scores.find(({ id }) => id === "${id}").vrmse[0]`,
  ) as number[];
}

/** The largest sum of shifts that follow each other within a second, of at most five: as browsers count it. */
async function layoutShift(page: Page): Promise<number> {
  return await page.evaluate(`new Promise((resolve) => {
    let [most, sum, first, last] = [0, 0, 0, -Infinity];
    new PerformanceObserver((list) => {
      for (const { value, startTime, hadRecentInput } of list.getEntries()) {
        if (hadRecentInput) continue;
        if (startTime - last > 1000 || startTime - first > 5000) [sum, first] = [0, startTime];
        last = startTime;
        most = Math.max(most, sum += value);
      }
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(most), 200);
  })`) as number;
}

browserTest("the app forecasts by itself, beside the truth, and says how well", async () => {
  await withApp(async ({ page }) => {
    await page.waitForSelector(".viewer canvas, .viewer [role=img]", { timeout: 30_000 });
    const words = await untilRun(page, /^20 steps in /);
    assert.match(
      words,
      /^20 steps in [\d.]+ (s|min)\. Off by 0\.\d\d \(VRMSE, no unit\); the last input frame, kept, by 0\.\d\d\.$/,
    );
    const [forecast, kept] = [await curve(page), await curve(page, "persistence")];
    assert.deepEqual([forecast.length, kept.length], [20, 20]);
    assert.ok(forecast.every((score, i) => score < kept[i]!));
    const shift = await layoutShift(page);
    assert.ok(shift <= 0.02, `layout shifts by ${shift}`);
    assert.equal(await page.getByRole("button", { name: "Forecast", exact: true }).count() > 0, true);
  });
});

browserTest(
  "a cancelled forecast keeps its steps, and going on gives the bits of one that was not",
  async () => {
    const scores = await withApp(async ({ page }) => {
      await untilRun(page, /^Step [2-9] of 12/);
      const waited = await page.evaluate(`new Promise((resolve) => {
      const from = performance.now();
      document.querySelector(".begin").click();
      const look = () => /^Cancelled/.test(document.querySelector(".run-words")?.textContent ?? "")
        ? resolve(performance.now() - from) : setTimeout(look, 4);
      look();
    })`) as number;
      assert.ok(waited < 1000, `${waited} ms`);
      const cancelled = await untilRun(page, /^Cancelled\. Steps? 1/);
      assert.match(cancelled, /kept\.$/);
      await page.getByRole("button", { name: /^Go on from \d+$/ }).click();
      await untilRun(page, /^12 steps in /);
      return await curve(page);
    }, { query: "?steps=12" });
    const whole = await withApp(async ({ page }) => {
      await untilRun(page, /^12 steps in /);
      return await curve(page);
    }, { query: "?steps=12" });
    assert.deepEqual(scores, whole);
  },
);

browserTest("computing waits when told to", async () => {
  await withApp(async ({ page }) => {
    await untilRun(page, /^Step [1-9] of 8/);
    await page.getByRole("button", { name: "Pause computing" }).click();
    await untilRun(page, /^Computing paused after step \d\.$/);
    await page.getByRole("button", { name: "Go on" }).first().click();
    await untilRun(page, /^8 steps in /);
  }, { query: "?steps=8" });
});

browserTest("seeds give members, a mean and a spread", async () => {
  await withApp(async ({ page }) => {
    const words = await untilRun(page, /^3 steps in /);
    assert.match(words, /The mean off by|the mean off by/);
    const counts = await page.evaluate(`(() => {
      const { members, mean, spread } = walrusApp.store.get().scene;
      return [members.length, mean.frames.length, spread.frames.length];
    })()`);
    assert.deepEqual(counts, [2, 3, 3]);
  }, { query: "?steps=3&seeds=2" });
});

browserTest("where motion is not wanted it computes and does not play", async () => {
  await withApp(async ({ page }) => {
    await untilRun(page, /^2 steps in /);
    assert.equal(await page.evaluate("walrusApp.store.get().view.playing"), false);
  }, { query: "?steps=2", reducedMotion: true });
});
