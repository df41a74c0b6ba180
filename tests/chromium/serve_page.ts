// The page of a service, in Chromium: it forecasts with the shipped network, says what a service refuses, and has no
// faults that axe knows, in both themes and on a phone.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { loadModel, openData } from "walrus";
import { forecastService, type ServiceOptions } from "walrus/serve";
import { browserTest, sharedBrowser } from "./browser.ts";

/** Where pictures of the page are kept, if anywhere. */
const PICTURES = Deno.env.get("SERVE_PAGE_PICTURES");

async function withService(
  options: Partial<ServiceOptions>,
  use: (url: string) => Promise<void>,
): Promise<void> {
  await using service = forecastService({
    models: {
      small: {
        load: () => loadModel("examples/walrus_small/walrus.safetensors", { worker: true, backend: "wasm" }),
      },
    },
    datasets: { mini: { open: () => openData("examples/data/gray_scott_mini.hdf5") } },
    ...options,
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => service.fetch(request),
  );
  try {
    await use(`http://127.0.0.1:${server.addr.port}/`);
  } finally {
    await server.shutdown();
  }
}

/** Opens the page as a phone, or with some theme. */
async function opened(
  url: string,
  context: { readonly width: number; readonly theme: "light" | "dark" },
  use: (page: Page, errors: string[]) => Promise<void>,
): Promise<void> {
  const browser = await sharedBrowser();
  const page = await browser.newPage({
    viewport: { width: context.width, height: 800 },
    colorScheme: context.theme,
  });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  try {
    await page.goto(url);
    await use(page, errors);
  } finally {
    await page.close();
  }
}

/** What axe finds. */
async function faults(page: Page): Promise<string[]> {
  const { default: axe } = await import("axe-core");
  // The page's policy lets no script of others run: this one is of the driver.
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any -- What the line above left there.
    const { violations } = await (globalThis as any).axe.run();
    return violations.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) =>
      `${id}: ${nodes[0]!.html}`
    );
  });
}

browserTest("the page of a service forecasts, in both themes and on a phone", async () => {
  await withService({}, async (url) => {
    for (const context of [{ width: 1100, theme: "light" }, { width: 360, theme: "dark" }] as const) {
      await opened(url, context, async (page, errors) => {
        await page.locator("#dataset option").nth(1).waitFor({ state: "attached" });
        assert.match(await page.textContent("#command") ?? "", /^curl .*"dataset":"mini"/);
        await page.fill("#steps", "3");
        await page.click("#run");
        await page.locator("#status", { hasText: /3 steps of small in/ }).waitFor();
        assert.equal(await page.locator("canvas").count(), 2);
        assert.match(await page.textContent("#place") ?? "", /^step 3, time \d+/);
        const colours = await page.evaluate<[number, number, number]>(`(() => {
          const canvas = document.querySelector("canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return [canvas.width, canvas.height, new Set(data).size];
        })()`);
        assert.deepEqual(colours.slice(0, 2), [64, 64]);
        assert.ok(colours[2] > 50, `${colours[2]} colours`);
        const overflow = await page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth");
        assert.ok(!overflow, "the page is wider than its window");
        assert.deepEqual([errors, await faults(page)], [[], []]);
        if (PICTURES) {
          await page.screenshot({ path: `${PICTURES}/serve_${context.theme}.png`, fullPage: true });
        }
      });
    }
  });
});

browserTest(
  "the page of a service says what is refused, and asks for a token where one is wanted",
  async () => {
    // Of "secret".
    const sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    await withService({ tokens: [{ name: "lab", sha256 }], limits: { steps: 4 } }, async (url) => {
      await opened(url, { width: 800, theme: "light" }, async (page) => {
        await page.locator("#status", { hasText: /has no token/ }).waitFor();
        await page.fill("#token", "secret");
        await page.locator("#token").blur();
        await page.locator("#dataset option").nth(1).waitFor({ state: "attached" });
        await page.click("#run");
        await page.locator("#status", { hasText: /steps is 5/ }).waitFor();
        assert.doesNotMatch(await page.textContent("#command") ?? "", /secret/);
      });
    });
  },
);
