// The app as a visitor meets it: it forecasts without a click; its link gives the same bits again, also where the
// forecast was paused, cancelled and went on; colours mean the same in all steps; several seeds are drawn.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { CHECKPOINT, collect, framesOf, GRAY_SCOTT } from "../forecast/shipped.ts";
import { dropFiles, forecastOf, QUIET, shownSteps, untilRun, withApp } from "./app.ts";
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

/** Link, scores and last frame of the first test, which the second one has to meet. */
let opener: Promise<{ readonly link: URL; readonly scores: number[] }> | null = null;

/** The app as it opens, until it is done. */
function visitOpener(): NonNullable<typeof opener> {
  return opener ??= withApp(async ({ page }) => {
    await page.waitForSelector(".viewer canvas, .viewer [role=img]");
    const words = await untilRun(page, /^20 steps in /);
    assert.match(
      words,
      /^20 steps in [\d.]+ (s|min)\. Off by 0\.\d\d \(VRMSE, no unit\); the last input frame, kept, by 0\.\d\d\.$/,
    );
    const [scores, kept] = [await curve(page), await curve(page, "persistence")];
    assert.deepEqual([scores.length, kept.length], [20, 20]);
    assert.ok(scores.every((score, i) => score < kept[i]!));
    const shift = await layoutShift(page);
    assert.ok(shift <= 0.02, `layout shifts by ${shift}`);
    assert.equal(await page.getByRole("button", { name: "Forecast", exact: true }).count() > 0, true);
    // One scale of the field, which truth and forecast share, and one of errors: the same in every step.
    const legends = await shownSteps(page, -5, 20, ".legend-ends");
    assert.equal(legends.length, 26);
    assert.deepEqual([...new Set(legends.map((texts) => texts.join("; ")))], [legends[0]!.join("; ")]);
    assert.equal(legends[0]!.length, 2);
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByText("The link is copied.").first().waitFor();
    const link = new URL(await page.evaluate("navigator.clipboard.readText()") as string);
    assert.ok(link.href.length <= 500, link.href);
    return { link, scores };
  }, { prepare: (context) => context.grantPermissions(["clipboard-read", "clipboard-write"]) });
}

browserTest(
  "the app forecasts by itself beside the truth, says how well, and keeps its colours",
  async () => {
    await visitOpener();
  },
);

browserTest("a forecast in the tab has the bits of one in Deno", async () => {
  using device = await wasm();
  using model = await loadModel(CHECKPOINT, { device });
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  const wanted = await collect(model, start, { steps: 3, seed: 0 });
  await withApp(async ({ page }) => {
    await page.waitForSelector(".understood");
    await dropFiles(page, [{ name: "own.hdf5", bytes: await Deno.readFile(GRAY_SCOTT) }]);
    await forecastOf(page, "own.hdf5");
    await untilRun(page, /^3 steps in /);
    const got = await page.evaluate(
      "walrusApp.store.get().scene.a.frames.map((fields) => fields.map((field) => [...field]))",
    );
    assert.deepEqual(got, wanted.map((fields) => fields.map((field) => [...field])));
  }, { ...QUIET, query: "?backend=wasm&steps=3" });
});

/** Clicks a button, from within the page, as soon as so many steps are done: whoever is outside comes too late. */
async function clickAtStep(page: Page, step: number, name: RegExp): Promise<void> {
  await page.evaluate(`(() => {
    const look = () => {
      const { run } = walrusApp.store.get();
      if (run.kind !== "running" || run.step < ${step}) return;
      const button = [...document.querySelectorAll(".go button")].find((own) => ${name}.test(own.textContent));
      if (!button) return;
      stop();
      button.click();
    };
    const stop = walrusApp.store.subscribe(look);
    look();
  })()`);
}

browserTest(
  "its link gives the same bits, also of a forecast that was paused, cancelled and went on",
  async () => {
    const { link, scores } = await visitOpener();
    await withApp(async ({ page }) => {
      await clickAtStep(page, 2, /^Pause computing$/);
      await untilRun(page, /^Computing paused after step \d+\.$/);
      await clickAtStep(page, 5, /^Cancel$/);
      await page.getByRole("button", { name: "Go on" }).first().click();
      assert.match(await untilRun(page, /^Cancelled\. Steps 1/), /kept\.$/);
      await page.getByRole("button", { name: /^Go on from \d+$/ }).click();
      await untilRun(page, /^20 steps in /);
      assert.deepEqual(await curve(page), scores);
    }, { query: link.search });
  },
);

browserTest("seeds give members, a mean and a spread", async () => {
  await withApp(async ({ page }) => {
    const words = await untilRun(page, /^2 steps in /);
    assert.match(words, /The mean off by|the mean off by/);
    const counts = await page.evaluate(`(() => {
      const { members, mean, spread, quantiles } = walrusApp.store.get().scene;
      return [members.length, ...[mean, spread, ...quantiles].map(({ frames }) => frames.length)];
    })()`);
    assert.deepEqual(counts, [2, 2, 2, 2, 2]);
    // What is checked of it stands under the charts.
    const rows = (name: string) =>
      page.getByRole("region", { name: `Numbers of ${name}` }).locator("tbody tr").count();
    assert.equal(await rows("Ensemble against truth"), 2);
    assert.ok(await rows("Physics") >= 2);
    await page.getByRole("radio", { name: "90 %" }).check({ force: true });
    await page.locator("figcaption", { hasText: "90 % of 2" }).first().waitFor();
  }, { query: "?steps=2&seeds=2" });
});
