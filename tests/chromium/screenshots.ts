// Pictures of the app in fifteen states, at three widths, in both themes, for eyes: each state is reached once.
//
// usage: deno task screenshots FOLDER; tests so that a state that is not reached fails

import type { Page } from "playwright-core";
import { inRepository } from "../shared.ts";
import { type AppOptions, arrayFiles, dropFiles, QUIET, settled, untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";
import { tinyModel } from "./tiny_network.ts";
import { whileTold } from "./told_states.ts";

const WIDTHS = [1440, 820, 390];
const THEMES = ["light", "dark"] as const;

const [folder] = Deno.args;
if (!folder) throw new Error("usage: deno task screenshots FOLDER");
await Deno.mkdir(folder, { recursive: true });

/** Pictures of the page as it is. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      await settled(page);
      await page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png`, fullPage: true });
    }
  }
  // Narrow pages fold the set-up, in which what comes next is looked for.
  await page.setViewportSize({ width: WIDTHS[0]!, height: 900 });
}

/** Registers a visit that takes pictures. */
function pictures(
  what: string,
  query: string,
  take: (page: Page) => Promise<void>,
  options: AppOptions = {},
): void {
  browserTest(`pictures: ${what}`, () => withApp(({ page }) => take(page), { query, ...options }));
}

pictures("the first second", "", async (page) => {
  await page.waitForSelector(".legend-ends");
  await shoot(page, "01-first-second");
}, QUIET);

pictures("a forecast", "?steps=20", async (page) => {
  await untilRun(page, /^Step [3-9] of 20/);
  await page.getByRole("button", { name: "Pause computing" }).click();
  await untilRun(page, /^Computing paused/);
  await shoot(page, "03-some-steps");
  await page.getByRole("button", { name: "Go on" }).first().click();
  await untilRun(page, /^20 steps in /);
  await shoot(page, "04-finished");
  await whileTold(page, "weights are loaded", () => shoot(page, "02-weights-loading"));
  await whileTold(page, "large model", () => shoot(page, "08-large-model"));
  await whileTold(page, "diverged", () => shoot(page, "13-diverged"));
});

pictures("data", "?steps=2", async (page) => {
  await page.waitForSelector(".understood");
  const bytes = await Deno.readFile(inRepository("examples/data/euler_quadrants_mini.hdf5"));
  await dropFiles(page, [{ name: "flow.hdf5", bytes }]);
  await page.locator(".field-row .range", { hasText: " to " }).first().waitFor();
  await shoot(page, "05-file-understood");
  await dropFiles(page, arrayFiles({ fields: ["densty", "energy"] }));
  await page.locator(".field-row.unknown").waitFor();
  await shoot(page, "06-unknown-field");
  await dropFiles(page, arrayFiles({ fields: ["density"], shape: [100, 60] }));
  await page.locator(".understood", { hasText: "100 x 60 points" }).waitFor();
  await shoot(page, "07-grid");
  await dropFiles(page, arrayFiles({ fields: ["density"], shape: [24, 16, 20] }));
  await page.locator(".understood", { hasText: "24 x 16 x 20 points" }).waitFor();
  await page.locator(".stage canvas").nth(2).waitFor();
  await shoot(page, "10-planes");
  await dropFiles(page, arrayFiles({ fields: ["density"], shape: [128, 16] }));
  await page.locator(".understood", { hasText: "128 x 16 points" }).waitFor();
  await shoot(page, "14-strip");
}, QUIET);

pictures("one thread", "?steps=1", async (page) => {
  await untilRun(page, /^1 step in /);
  await shoot(page, "09-no-threads");
}, { isolated: false });

pictures("seeds", "?steps=4&seeds=3", async (page) => {
  await untilRun(page, /^4 steps in /);
  await page.getByRole("button", { name: "Newest" }).click();
  await shoot(page, "11-seeds");
});

pictures("two networks", "?steps=4", async (page) => {
  await untilRun(page, /^4 steps in /);
  await page.evaluate(`walrusApp.compareWith({ kind: "shipped" })`);
  await page.evaluate("walrusApp.set({ jitter: false })");
  await page.evaluate("walrusApp.start()");
  await untilRun(page, /B off by/);
  await page.getByRole("button", { name: "Newest" }).click();
  await shoot(page, "12-compare");
});

pictures("finetuning", "?steps=2", async (page) => {
  await page.waitForSelector(".understood");
  await dropFiles(page, [...await tinyModel(), ...arrayFiles({ fields: ["density"], frames: 16 })]);
  await page.locator(".understood", { hasText: "32 x 32 points" }).waitFor();
  await page.getByRole("button", { name: "Finetune", exact: true }).first().click();
  await page.getByLabel("Training steps").fill("20");
  await page.getByLabel("Training steps").blur();
  await page.locator(".go").getByRole("button", { name: "Finetune" }).click();
  await page.locator("#finetune-title", { hasText: "Finetuned: 20 steps in" }).waitFor();
  await shoot(page, "15-finetuned");
  await page.getByRole("button", { name: "Keys" }).click();
  await page.locator("dialog[open]").waitFor();
  await shoot(page, "15-keys");
}, QUIET);
