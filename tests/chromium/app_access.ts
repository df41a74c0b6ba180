// The app for everyone: axe finds nothing in any state, the whole journey goes by keyboard, nothing runs sideways at
// any width or text size, keys have their list.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { arrayFiles, axeFindings, dropFiles, sideways, untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";

/** States of one visit, each with what leads there. */
const STATES: readonly (readonly [string, (page: Page) => Promise<unknown>])[] = [
  ["finished", (page) => untilRun(page, /^1 step in /)],
  ["chooser open", async (page) => {
    if (await page.getByRole("button", { name: "Change" }).count() > 0) {
      await page.getByRole("button", { name: "Change" }).click();
    } else if (await page.locator("button.summary").count() > 0) {
      await page.locator("button.summary").first().click();
    }
    await page.getByRole("button", { name: "Other data" }).click();
    await page.getByRole("button", { name: "Paste link" }).click();
  }],
  ["unknown field", async (page) => {
    await dropFiles(page, arrayFiles({ fields: ["densty", "energy"] }));
    await page.locator(".field-row.unknown").waitFor();
  }],
  ["too few frames", async (page) => {
    await dropFiles(page, arrayFiles({ fields: ["density"], frames: 4 }));
    await untilRun(page, /^4 frames/);
  }],
  ["keys", async (page) => {
    await page.getByRole("button", { name: "Keys" }).click();
    await page.locator("dialog[open]").waitFor();
  }],
  ["finetune", async (page) => {
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" }).catch(() => {});
    await page.getByRole("button", { name: "Finetune", exact: true }).first().click();
    await page.locator("#finetune-title").waitFor();
  }],
];

for (const theme of ["light", "dark"] as const) {
  for (const width of [1440, 820, 390]) {
    browserTest(`axe finds nothing at ${width} pixels, ${theme}`, async () => {
      await withApp(async ({ page }) => {
        for (const [state, lead] of STATES) {
          await lead(page);
          assert.deepEqual(await axeFindings(page), [], state);
          assert.ok(
            await sideways(page) <= 0,
            `${state} is wider than the window by ${await sideways(page)}`,
          );
        }
      }, { width, theme, query: "?steps=1" });
    });
  }
}

browserTest("320 pixels, and text twice as large, show all without going sideways", async () => {
  for (const [width, size] of [[320, "100%"], [820, "200%"]] as const) {
    await withApp(async ({ page }) => {
      await untilRun(page, /^1 step in /);
      await page.addStyleTag({ content: `html { font-size: ${size} }` });
      // Panels are fitted once the page has its new shape.
      await page.waitForTimeout(500);
      assert.ok(await sideways(page) <= 0, `${width} at ${size}: ${await sideways(page)}`);
    }, { width, query: "?steps=1" });
  }
});

/** What has the focus, as people would name it. */
async function focused(page: Page): Promise<string> {
  return await page.evaluate(`(() => {
    const e = document.activeElement;
    return e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent ?? e.textContent ?? e.tagName;
  })()`) as string;
}

/** Presses Tab until something of this name has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<string[]> {
  const passed: string[] = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    passed.push(await focused(page));
    if (name.test(passed.at(-1)!)) return passed;
  }
  throw new Error(`No "${name}" among ${passed.join(", ")}`);
}

browserTest(
  "the journey goes by keyboard: start, play, step, keys, in the order in which it is read",
  async () => {
    await withApp(async ({ page }) => {
      await untilRun(page, /^3 steps in /);
      const order = await tabTo(page, /Copy link/);
      const at = (name: RegExp) => order.findIndex((own) => name.test(own));
      const places = [/^Forecast$/, /^Finetune$/, /Other data/, /Start frame/, /^Panels/, /Copy link/].map(
        at,
      );
      assert.ok(places.every((place, i) => place > (places[i - 1] ?? -1)), `${places}: ${order.join(", ")}`);
      await page.locator("body").click({ position: { x: 2, y: 2 } });
      await tabTo(page, /^Panels/);
      await page.keyboard.press("Home");
      const step = () => page.evaluate("walrusApp.store.get().view.step") as Promise<number>;
      const first = await step();
      await page.keyboard.press("ArrowRight");
      assert.equal(await step(), first + 1);
      await page.keyboard.press("End");
      assert.equal(await step(), 3);
      await page.keyboard.press("?");
      await page.locator("dialog[open]").waitFor();
      await page.keyboard.press("Escape");
      await page.waitForFunction(`!document.querySelector("dialog[open]")`);
      // The button begins a forecast, and becomes the one that ends it, with the focus where it was.
      await page.locator(".begin").focus();
      await page.keyboard.press("Enter");
      await page.waitForFunction(`document.activeElement.textContent === "Cancel"`);
      await untilRun(page, /^3 steps in /);
      assert.equal(await focused(page), "Forecast");
    }, { query: "?steps=3", reducedMotion: true });
  },
);
