// What the app says in each state: what happened, the value, what to do, beside its cause.

import assert from "node:assert/strict";
import type { BrowserContext, Page } from "playwright-core";
import { arrayFiles, axeFindings, dropFiles, QUIET, untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";
import { inRepository } from "../shared.ts";

const setup = (page: Page) => page.locator(".setup");

browserTest("where data are to be saved the forecast waits for a click, and says what it loads", async () => {
  await withApp(async ({ page }) => {
    await page.waitForSelector(".understood");
    const button = page.locator(".setup").getByRole("button", { name: /^Forecast: loads 9\.\d MB once$/ });
    await button.waitFor();
    assert.equal(await page.evaluate("walrusApp.store.get().run.kind"), "idle");
    await page.waitForFunction("walrusApp.store.get().notice?.action");
    await button.click();
    // Steps beyond the truth are said.
    assert.match(await untilRun(page, /^3 steps in /), / No truth after step 2; errors end there\.$/);
  }, { ...QUIET, query: "?steps=3&start=18" });
});

/** Too few frames, files that are none, parts that are missing. */
async function othersAreRefused(page: Page): Promise<void> {
  await dropFiles(page, arrayFiles({ fields: ["density"], frames: 4 }));
  await untilRun(page, /^4 frames; the first forecast needs 6\.$/);
  assert.equal(
    await page.locator("[role=alert]").last().textContent(),
    "4 frames; the first forecast needs 6.",
  );
  const refused = async (name: string, text: string, words: RegExp) => {
    await dropFiles(page, [{ name, bytes: new TextEncoder().encode(text) }]);
    await page.locator(".part .note.bad", { hasText: words }).first().waitFor();
  };
  await refused("notes.txt", "x", /^notes\.txt is no simulation\. Wanted: HDF5/);
  await refused("a.safetensors", "x", /^a\.safetensors needs the configuration that lies beside it/);
  await refused("a.hdf5", "Hello", /^a\.hdf5 is no simulation that can be read here/);
  // What was open before comes back.
  await setup(page).getByRole("button", { name: "Other data" }).click();
  await page.getByRole("region", { name: "Data", exact: true }).getByRole("button", { name: "Gray-Scott" })
    .click();
  await page.locator(".understood", { hasText: "Gray-Scott" }).waitFor();
}

browserTest("a file is understood, or it is said in words why not", async () => {
  await withApp(async ({ page }) => {
    const bytes = await Deno.readFile(inRepository("examples/data/euler_quadrants_mini.hdf5"));
    await page.waitForSelector(".understood");
    await dropFiles(page, [{ name: "flow.hdf5", bytes }]);
    await page.locator(".understood", { hasText: "flow.hdf5" }).waitFor();
    assert.equal(
      await page.textContent(".understood"),
      "flow.hdf5: 64 x 64 points, 16 frames, time 0 to 0.225 (unit not given), 1 trajectory. x open, y open. " +
        "Input: frames 0 to 5. Truth for 10 of 20 steps.",
    );
    await page.locator(".field-row .range", { hasText: " to " }).first().waitFor();
    const rows = await page.locator(".field-row").allInnerTexts();
    assert.equal(rows.length, 4);
    assert.ok(rows.every((row) => /learnt/.test(row)), rows.join("; "));
    await othersAreRefused(page);
  }, QUIET);
});

browserTest(
  "a field that is not known gets a name, or is left out; until then nothing is forecast",
  async () => {
    await withApp(async ({ page }) => {
      await page.waitForSelector(".understood");
      await dropFiles(page, arrayFiles({ fields: ["densty", "energy"] }));
      const row = page.locator(".field-row", { hasText: "densty" });
      await row.locator(".mark", { hasText: "not known: choose a name or leave it out" }).waitFor();
      const begin = setup(page).locator(".begin");
      assert.ok(await begin.isDisabled());
      await row.getByRole("combobox").selectOption("density");
      await row.locator(".mark", { hasText: "taken as density" }).waitFor();
      assert.ok(await begin.isEnabled());
      await row.getByRole("combobox").selectOption("");
      await row.locator(".mark", { hasText: "not known" }).waitFor();
      await row.getByRole("button", { name: "Leave out" }).click();
      await row.locator(".mark", { hasText: "left out" }).waitFor();
      await begin.click();
      await untilRun(page, /^1 step in /);
    }, { ...QUIET, query: "?steps=1" });
  },
);

browserTest(
  "a boundary that is not known is asked about; other data forget what it was treated as",
  async () => {
    await withApp(async ({ page }) => {
      await page.waitForSelector(".understood");
      await dropFiles(page, arrayFiles({ fields: ["density"], boundary: "symmetry" }));
      const question = page.locator(".part .note", {
        hasText: /^Axis y: boundary "symmetry" is not known. Treat as/,
      });
      await question.waitFor();
      assert.deepEqual(await axeFindings(page), []);
      assert.deepEqual(await question.getByRole("button").allTextContents(), ["Wall", "Open", "Periodic"]);
      await question.getByRole("button", { name: "Wall" }).click();
      await page.locator(".understood", { hasText: "x periodic, y wall." }).waitFor();
      await page.waitForURL(/[?&]boundary=symmetry:wall(?:&|$)/);
      const treated = page.locator(".part .note", { hasText: 'Boundary "symmetry" is treated as wall.' });
      await setup(page).locator(".begin").click();
      await untilRun(page, /^1 step in /);
      await treated.getByRole("button", { name: "Change boundary" }).click();
      await question.getByRole("button", { name: "Open" }).click();
      await page.locator(".understood", { hasText: "x periodic, y open." }).waitFor();
      await page.evaluate(`walrusApp.chooseData({ kind: "example", name: "gray_scott" })`);
      await page.locator(".understood", { hasText: "Gray-Scott" }).waitFor();
      await page.waitForURL(({ search }) => !search.includes("boundary"));
      assert.equal(await treated.count(), 0);
    }, { ...QUIET, query: "?steps=1" });
  },
);

browserTest("a link to another site is asked for with its size, and is not loaded before", async () => {
  const bytes = await Deno.readFile(inRepository("examples/data/euler_quadrants_mini.hdf5"));
  const asked: string[] = [];
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ method }) => {
    asked.push(method);
    const headers = {
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
      "access-control-expose-headers": "content-length",
      "content-length": String(bytes.length),
    };
    return new Response(method === "HEAD" ? null : bytes, { headers });
  });
  const link = `http://127.0.0.1:${other.addr.port}/flow.hdf5`;
  await withApp(async ({ page }) => {
    const question = page.locator(".note", { hasText: /^This link loads 0\.\d+ MB from 127\.0\.0\.1:\d+\./ });
    await question.waitFor();
    assert.deepEqual(asked, ["HEAD"]);
    await question.getByRole("button", { name: "Load" }).click();
    await page.locator(".understood", { hasText: "flow.hdf5" }).waitFor();
    assert.ok(asked.includes("GET"));
  }, { ...QUIET, query: `?data=${encodeURIComponent(link)}` });
});

browserTest("a link to someone's own file says which one to drop", async () => {
  await withApp(async ({ page }) => {
    await page.locator(".note", { hasText: "Drop flow.hdf5 (94 MB) to see this." }).waitFor();
  }, { query: "?file=flow.hdf5&bytes=94000000&sha=00" });
});

browserTest("after a visit that ended while loading nothing starts by itself", async () => {
  const prepare: typeof QUIET.prepare = (context) =>
    context.addInitScript(
      `if (!sessionStorage.seen) localStorage.setItem("walrus.loading", "Walrus 1.3 B"); sessionStorage.seen = 1`,
    )
      .then(() => {});
  await withApp(async ({ page }) => {
    await untilRun(page, /^The last visit ended while loading Walrus 1\.3 B\.$/);
    await setup(page).getByRole("button", { name: "Try again" }).click();
    await untilRun(page, /^1 step in /);
    assert.equal(await page.evaluate(`localStorage.getItem("walrus.loading")`), null);
  }, { prepare, query: "?steps=1" });
});

browserTest("without threads the page says so in one line, and forecasts", async () => {
  await withApp(async ({ page }) => {
    await untilRun(page, /^1 step in /);
    await page.locator("summary", {
      hasText: "One thread, hence slower: this page is not cross-origin isolated.",
    }).waitFor();
  }, { isolated: false, query: "?steps=1" });
});

browserTest("a forecast that is cancelled while its weights come begins anew", async () => {
  let asked = 0;
  const prepare = async (context: BrowserContext) => {
    await context.route("**/model/walrus.safetensors", async (route) => {
      asked++;
      // The first is never answered.
      if (asked > 1) await route.continue();
    });
  };
  await withApp(async ({ page }) => {
    await setup(page).locator(".begin", { hasText: "Cancel" }).click();
    await untilRun(page, /^Cancelled\.$/);
    await setup(page).locator(".begin").click();
    await untilRun(page, /^2 steps in /);
    assert.equal(asked, 2);
  }, { prepare, query: "?steps=2" });
});
