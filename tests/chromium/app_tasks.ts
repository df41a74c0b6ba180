// The page's own thread stays free: no task of it takes long while the app loads, forecasts a large grid, or finetunes.

import assert from "node:assert/strict";
import type { CDPSession } from "playwright-core";
import { arrayFiles, dropFiles, forecastOf, heldFiles, QUIET, untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";
import { type Look, slowness } from "./slowness.ts";
import { tinyModel } from "./tiny_network.ts";
import { longestTasks } from "./trace.ts";

/** Time of the processor is what is limited: the fastest of some rounds has least of what others take. */
const LOOK: Look = { threads: 1, rounds: 5, reference: 140 };

/** Fails where a task took more milliseconds of the processor than it may. */
async function free(
  what: string,
  most: number,
  devtools: CDPSession,
  work: () => Promise<unknown>,
): Promise<void> {
  const [longest] = await longestTasks(devtools, work);
  assert.ok(longest, `${what}: no task was seen`);
  const { cpu, wall, parts } = longest;
  console.log(`${what}: longest task ${cpu.toFixed(1)} ms of the processor, ${wall.toFixed(1)} by the clock`);
  assert.ok(cpu < most, `${what}: a task took ${cpu} ms\n${parts.join("\n")}`);
}

browserTest(
  "no task of the page takes long: in load and finetune 100 ms, in a rollout of 128 x 128 50",
  async () => {
    await withApp(async ({ page, devtools, url }) => {
      const trace = await devtools();
      const slower = await slowness(page, LOOK);
      await free("load", 100 * slower, trace, async () => {
        await page.goto(`${url}?steps=2`);
        await page.waitForSelector(".legend-ends");
        await page.locator(".field-row .range", { hasText: " to " }).first().waitFor();
      });
      // What is compiled once, with the first forecast, counts too.
      const drop = await heldFiles(page, arrayFiles({ fields: ["density"], shape: [128, 128] }));
      await free("rollout", 50 * slower, trace, async () => {
        await drop();
        await forecastOf(page, "128 x 128 points");
        await untilRun(page, /^2 steps in /);
      });
      await dropFiles(page, [...await tinyModel(), ...arrayFiles({ fields: ["density"], frames: 16 })]);
      await page.locator(".understood", { hasText: "32 x 32 points" }).waitFor();
      await free("finetune", 100 * slower, trace, async () => {
        await page.getByRole("button", { name: "Finetune", exact: true }).first().click();
        await page.getByLabel("Training steps").fill("6");
        await page.getByLabel("Training steps").blur();
        await page.locator(".go").getByRole("button", { name: "Finetune" }).click();
        await page.locator("#finetune-title", { hasText: "Finetuned: 6 steps in" }).waitFor();
      });
    }, { ...QUIET, opens: false });
  },
);
