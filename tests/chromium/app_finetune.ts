// Finetuning in the app: a file and a network are dropped, the loss falls, the held-out score is told, the result is
// downloaded and forecasts in Deno, and joins the list of networks where it forecasts at once.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { framesOf } from "../forecast/shipped.ts";
import { inRepository } from "../shared.ts";
import { dropFiles, untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";
import { TINY, tinyModel } from "./tiny_network.ts";

const DATA = inRepository("examples/data/gray_scott_mini.hdf5");
const STEPS = 30;

/** Drops data and network, and turns to finetuning. */
async function setUp(page: Page, steps: number): Promise<void> {
  await page.waitForSelector(".understood");
  await dropFiles(page, [...await tinyModel(), { name: "own.hdf5", bytes: await Deno.readFile(DATA) }]);
  await page.locator(".understood", { hasText: "own.hdf5" }).waitFor();
  await page.getByRole("button", { name: "Finetune", exact: true }).first().click();
  await page.getByLabel("Training steps").fill(String(steps));
  await page.getByLabel("Learning rate").fill("0.001");
  await page.getByLabel("Learning rate").blur();
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** No forecast begins by itself. */
const QUERY = { query: "?backend=wasm&steps=2&data=euler" };

browserTest(
  "the app finetunes on a dropped file; the result forecasts here and, downloaded, in Deno",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await withApp(async ({ page }) => {
        await setUp(page, STEPS);
        await page.locator(".go").getByRole("button", { name: "Finetune" }).click();
        await page.locator("#finetune-title", { hasText: `Finetuned: ${STEPS} steps in` }).waitFor();
        const losses = await page.evaluate("walrusApp.store.get().finetune.losses") as number[];
        assert.equal(losses.length, STEPS);
        assert.ok(mean(losses.slice(-8)) < 0.9 * mean(losses.slice(0, 8)), String(losses));
        assert.match(
          await page.textContent(".score") ?? "",
          /^One-step error on .* \(VRMSE, no unit\): .* before, .* now, /,
        );
        for (const name of ["walrus.safetensors", "extended_config.yaml"]) {
          const [download] = await Promise.all([
            page.waitForEvent("download"),
            page.click(`a[download="${name}"]`),
          ]);
          await download.saveAs(`${folder}/${download.suggestedFilename()}`);
        }
        await page.getByRole("button", { name: "Forecast with it" }).click();
        await page.locator(".go").getByRole("button", { name: "Forecast" }).click();
        assert.match(await untilRun(page, /^2 steps in /), /Off by/);
        const { models } = await page.evaluate("walrusApp.store.get().scene.provenance") as {
          models: { a: string };
        };
        assert.equal(models.a, "Finetuned 1");
      }, QUERY);
      using device = await wasm({ threads: 1 });
      using loaded = await loadModel(`${folder}/walrus.safetensors`, { device });
      assert.deepEqual(loaded.model.config, { ...TINY, dropPath: 0 });
      const frames = await Array.fromAsync(
        loaded.rollout(await framesOf(DATA, 0, TINY.contextFrames), { steps: 2 }),
      );
      assert.ok(frames.every(({ values }) => values.every((field) => field.every(Number.isFinite))));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

browserTest(
  "a finetuning that is stopped offers what it has, and is compared with the network it came from",
  async () => {
    await withApp(async ({ page }) => {
      await setUp(page, 10_000);
      await page.locator(".go").getByRole("button", { name: "Finetune" }).click();
      await page.waitForSelector(".curve svg");
      await page.locator(".go").getByRole("button", { name: "Stop" }).click();
      await page.locator("#finetune-title", { hasText: /^Stopped after \d+ steps? in / }).waitFor();
      await page.getByRole("button", { name: "Compare with the old one" }).click();
      await page.locator(".go").getByRole("button", { name: "Forecast" }).click();
      const words = await untilRun(page, /^2 steps in /);
      assert.match(words, /Off by .*, B off by /);
      const labels = await page.evaluate(`(({ a, b }) => [a.label, b.label])(walrusApp.store.get().scene)`);
      assert.deepEqual(labels, ["A: Finetuned 1", "B: tiny.safetensors"]);
    }, QUERY);
  },
);
