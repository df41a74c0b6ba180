// The page's memory stays small and does not grow: over long forecasts, files opened in turn, forecasts cancelled.

import assert from "node:assert/strict";
import type { CDPSession, Page } from "playwright-core";
import { arrayFiles, dropFiles, forecastOf, QUIET, untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";
import { tinyModel } from "./tiny_network.ts";

/** What the page may hold. */
const BUDGET = 150e6;
/** What one measurement differs from the next by. */
const NOISE = 2e6;

/** Bytes that the page holds: objects and arrays, garbage collected. */
async function heldBy(devtools: CDPSession): Promise<number> {
  // What ends in a microtask or a timer ends first.
  for (let i = 0; i < 3; i++) await devtools.send("HeapProfiler.collectGarbage");
  const usage = await devtools.send("Runtime.getHeapUsage") as unknown as Record<string, number>;
  return usage.usedSize! + (usage.backingStorageSize ?? 0);
}

/** Does something as often as told, twice; fails where the second half adds to what the page holds. */
async function steady(
  what: string,
  devtools: CDPSession,
  half: () => Promise<void>,
): Promise<void> {
  await half();
  const before = await heldBy(devtools);
  await half();
  const after = await heldBy(devtools);
  console.log(`${what}: ${(before / 1e6).toFixed(1)} MB, then ${(after / 1e6).toFixed(1)} MB`);
  assert.ok(after < BUDGET, `${what}: ${after} bytes`);
  assert.ok(after - before < NOISE, `${what}: grown by ${after - before} bytes`);
}

/**
 * Begins to forecast, and cancels after the first step; milliseconds from the click until the page says so. Whatever
 * follows the click is done in the same task: what other programs take of the processor between tasks is no part of it.
 */
async function cancel(page: Page): Promise<number> {
  return await page.evaluate(`new Promise((resolve) => {
    const isTold = () => /^Cancelled/.test(document.querySelector(".run-words")?.textContent ?? "");
    const begin = document.querySelector(".begin");
    begin.click();
    const stop = walrusApp.store.subscribe(({ run }) => {
      if (run.kind !== "running" || run.step < 1) return;
      stop();
      setTimeout(async () => {
        const from = performance.now();
        begin.click();
        for (let i = 0; i < 1000 && !isTold(); i++) await null;
        while (!isTold()) await new Promise((done) => setTimeout(done, 1));
        resolve(performance.now() - from);
      });
    });
  })`) as number;
}

browserTest(
  "200 steps, ten files, twenty cancels: the page's memory is small and does not grow",
  async () => {
    await withApp(async ({ page, devtools: open }) => {
      const devtools = await open();
      await page.waitForSelector(".understood");
      await dropFiles(page, [...await tinyModel(), ...arrayFiles({ fields: ["density"] })]);
      await steady("200 steps", devtools, async () => {
        await forecastOf(page, "32 x 32 points");
        await page.waitForFunction(`walrusApp.store.get().run.kind !== "finished"`);
        await untilRun(page, /^200 steps in /);
      });

      const times: number[] = [];
      await steady("twenty cancels", devtools, async () => {
        for (let i = 0; i < 10; i++) times.push(await cancel(page));
      });
      times.sort((a, b) => a - b);
      console.log(`cancelled in ${times[10]!.toFixed(1)} ms, at most ${times[19]!.toFixed(1)} ms`);
      assert.ok(times[10]! < 100, `a cancel takes ${times[10]} ms`);

      let size = 32;
      await steady("ten files", devtools, async () => {
        for (let i = 0; i < 5; i++) {
          size = size === 32 ? 48 : 32;
          const shape = [size, size];
          await dropFiles(page, arrayFiles({ fields: ["density"], shape }));
          await page.locator(".understood", { hasText: `${size} x ${size} points` }).waitFor();
          await page.waitForFunction(`walrusApp.store.get().scene?.grid.points === ${size * size}`);
        }
      });
    }, { ...QUIET, query: "?backend=wasm&steps=200" });
  },
);
