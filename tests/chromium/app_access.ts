// The app for everyone: axe finds nothing in any state, the whole journey goes by keyboard, nothing runs sideways at
// any width or text size, keys have their list.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { arrayFiles, axeFindings, dropFiles, settled, sideways, untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";
import { TOLD_STATES, whileTold } from "./told_states.ts";

/** Clicks a button that opens something, unless it is open. */
async function open(page: Page, selector: string): Promise<void> {
  const button = page.locator(selector).first();
  if (await button.count() > 0 && await button.getAttribute("aria-expanded") !== "true") await button.click();
}

/** States of one visit, each with what leads there from the one before it, or from the last. */
const STATES: readonly (readonly [string, (page: Page) => Promise<unknown>])[] = [
  ["finished", async (page) => {
    await page.getByRole("button", { name: "Forecast", exact: true }).first().click();
    // Data that are open are shown a moment later, as another scene.
    await page.evaluate(`(async () => {
      const { store } = walrusApp;
      const before = store.get().scene?.id;
      await walrusApp.chooseData({ kind: "example", name: "gray_scott" });
      await new Promise((resolve) => {
        const look = ({ scene, input, use }) => scene && scene.id !== before && input && use && resolve();
        store.subscribe(look);
        look(store.get());
      });
    })()`);
    await page.evaluate("walrusApp.start()");
    await untilRun(page, /^1 step in /);
  }],
  ["chooser open", async (page) => {
    await open(page, ".one-line button");
    await open(page, "button.summary");
    await open(page, '[aria-label="Data"] .part-head button');
    await open(page, '.chooser button:has-text("Paste link")');
    await page.getByLabel("Address of a file").waitFor();
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
    await page.waitForFunction(`!document.querySelector("dialog[open]")`);
    await page.getByRole("button", { name: "Finetune", exact: true }).first().click();
    await page.locator("#finetune-title").waitFor();
  }],
];

/** What is wrong with the page as it is: what axe finds in themes, and pixels that stick out. */
async function findingsOf(
  page: Page,
  state: string,
  width: number,
  themes: readonly ("light" | "dark")[] = ["light", "dark"],
): Promise<string[]> {
  const found: string[] = [];
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme });
    found.push(...(await axeFindings(page)).map((finding) => `${state}, ${width}, ${theme}: ${finding}`));
  }
  const wider = await sideways(page);
  return wider > 0 ? [...found, `${state} is wider than ${width} by ${wider}`] : found;
}

browserTest("axe finds nothing in any state, at three widths, in both themes", async () => {
  const found: string[] = [];
  await withApp(async ({ page }) => {
    await untilRun(page, /^1 step in /);
    for (const width of [1440, 820, 390]) {
      await page.setViewportSize({ width, height: 900 });
      for (const [state, lead] of STATES) {
        await lead(page);
        found.push(...await findingsOf(page, state, width));
      }
    }
  }, { query: "?steps=1" });
  assert.deepEqual(found, []);
});

browserTest("axe finds nothing in what is told, in both themes, and none of it is too wide", async () => {
  const found: string[] = [];
  await withApp(async ({ page }) => {
    await untilRun(page, /^1 step in /);
    for (const [width, themes] of [[1440, ["light", "dark"]], [390, ["light"]]] as const) {
      await page.setViewportSize({ width, height: 900 });
      await open(page, ".one-line button");
      for (const state of Object.keys(TOLD_STATES)) {
        await whileTold(page, state, async () => {
          found.push(...await findingsOf(page, state, width, themes));
        });
      }
    }
  }, { query: "?steps=1" });
  assert.deepEqual(found, []);
});

browserTest("320 pixels, and text twice as large, show all without going sideways", async () => {
  await withApp(async ({ page }) => {
    await untilRun(page, /^1 step in /);
    for (const [width, size] of [[320, "100%"], [820, "200%"]] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.addStyleTag({ content: `html { font-size: ${size} }` });
      // Panels are fitted once the page has its new shape.
      await settled(page);
      await page.waitForFunction("document.documentElement.scrollWidth <= innerWidth", null, {
        timeout: 10_000,
      }).catch(() => {});
      assert.ok(await sideways(page) <= 0, `${width} at ${size}: ${await sideways(page)}`);
    }
  }, { query: "?steps=1" });
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
      // Where motion is not wanted it computes and does not play.
      assert.equal(await page.evaluate("walrusApp.store.get().view.playing"), false);
      await page.getByRole("button", { name: "Copy link" }).waitFor();
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
      await page.evaluate(`(() => {
        const go = document.querySelector(".go");
        const note = () => focusedNames.add(document.activeElement.textContent);
        globalThis.focusedNames = new Set();
        new MutationObserver(note).observe(go, { subtree: true, childList: true, characterData: true });
      })()`);
      await page.keyboard.press("Enter");
      await page.waitForFunction(`focusedNames.has("Cancel")`);
      await untilRun(page, /^3 steps in /);
      assert.equal(await focused(page), "Forecast");
    }, { query: "?steps=3", reducedMotion: true });
  },
);
