// The viewer in headless Chromium, on made-up scenes: pixels are those of the colour tables with a GPU and without, the
// probe tells the numbers that files hold, keys and films work, nothing is wrong for people with other senses.

import assert from "node:assert/strict";
import type { Download, Page } from "playwright-core";
import { packedTable } from "../../app/figure/colors.ts";
import { shortNumber } from "../../app/figure/numbers.ts";
import { paint } from "../../app/figure/paint.ts";
import { colorIndex, lookup } from "../../app/figure/scale.ts";
import { memorySource } from "../../lib/io/byte_source.ts";
import { openNpz } from "../../lib/io/npz.ts";
import { FIRST_VIEW } from "../../pages/app/scene.ts";
import { planeGeometry, planeOf } from "../../pages/app/viewer/geometry.ts";
import { lensOf, seenCells } from "../../pages/app/viewer/lens.ts";
import { figureScales } from "../../pages/app/take/scene_figure.ts";
import { fitPlane } from "../../app/figure/fit.ts";
import { makeScene, type SceneOptions, TEST_SCENES } from "../pages/scenes.ts";
import { axeFindings, PATIENCE, settled, sideways } from "./app.ts";
import { browserTest, sharedBrowser } from "./browser.ts";
import { serveViewer } from "./viewer_server.ts";

/** Without these headless Chromium has no WebGL. */
const WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

interface Opened {
  readonly page: Page;
  open(query: string): Promise<void>;
}

/** Uses the page; whatever its console calls an error fails the test. */
async function withViewer(
  use: (opened: Opened) => Promise<void>,
  options: { readonly width?: number; readonly reducedMotion?: "reduce" } = {},
): Promise<void> {
  await using server = await serveViewer();
  const browser = await sharedBrowser(WEBGL);
  const { width = 1440, ...more } = options;
  const context = await browser.newContext({ viewport: { width, height: 900 }, ...more });
  context.setDefaultTimeout(PATIENCE);
  try {
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    const url = `http://127.0.0.1:${server.addr.port}/pages/app/`;
    await use({
      page,
      async open(query) {
        await page.goto(`${url}?${query}`);
        await page.waitForSelector(".legend-ends");
      },
    });
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

/** Pixels of a panel's canvas as 32-bit numbers. */
async function pixelsOf(page: Page, panel: string): Promise<{ width: number; pixels: Uint32Array }> {
  const { width, text } = await page.evaluate(`(() => {
    const canvas = document.querySelector('[data-panel="${panel}"] canvas');
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (let i = 0; i < data.length; i += 0x8000) text += String.fromCharCode(...data.subarray(i, i + 0x8000));
    return { width: canvas.width, text: btoa(text) };
  })()`) as { width: number; text: string };
  return { width, pixels: new Uint32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer) };
}

/** What a panel should show. */
async function wanted(
  options: SceneOptions,
  step: number,
  view: object,
  width: number,
): Promise<Uint32Array> {
  const scene = makeScene(options);
  const all = { ...FIRST_VIEW, step, ...view };
  const geometry = planeGeometry(scene.grid, all);
  const [scales] = await figureScales(scene, all, [0]);
  const scale = scales!.field;
  // The panel's own width: the largest that its cells fill.
  const fit = fitPlane({ ...geometry, room: [width, 4000] });
  const lens = lensOf(geometry.cells, fit, all.zoom, all.centre);
  const plane = planeOf(scene.grid, geometry, scene.a.frames[step - 1]![0]!, scene.hidden);
  return paint({ ...lens, cells: seenCells(plane, lens), scale, unit: 1 });
}

browserTest(
  "panels have the same pixels with WebGL and without: those of the colour table",
  () =>
    withViewer(async ({ page, open }) => {
      for (
        const [name, view] of [
          ["plane", {}],
          ["plane", { zoom: 3.3, centre: [0.3, 0.6] }],
          ["plane", { map: "RdBu", low: 0.4, high: 0.5 }],
          ["plane", { log: true, flipped: [true, false], swapped: true }],
          ["broken", {}],
          ["strip", {}],
        ] as const
      ) {
        const query = `scene=${name}&step=15&view=${encodeURIComponent(JSON.stringify(view))}`;
        await open(query);
        assert.equal(await page.evaluate("painter.kind"), "webgl");
        const gpu = await pixelsOf(page, "a");
        await open(`${query}&painter=2d`);
        assert.equal(await page.evaluate("painter.kind"), "2d");
        const plain = await pixelsOf(page, "a");
        const own = await wanted(TEST_SCENES[name], 15, view, plain.width);
        const differing = (a: Uint32Array, b: Uint32Array) => a.findIndex((pixel, i) => pixel !== b[i]);
        assert.equal(plain.pixels.length, own.length, name);
        assert.equal(differing(plain.pixels, own), -1, `2D of ${query}`);
        assert.equal(differing(gpu.pixels, own), -1, `WebGL of ${query}`);
      }
    }),
);

browserTest(
  "the colour of a pixel is the table's for the number that the probe tells and the file holds",
  () =>
    withViewer(async ({ page, open }) => {
      await open("scene=plane&step=7");
      const box = (await page.locator('[data-panel="a"] canvas').boundingBox())!;
      await page.mouse.move(box.x + 0.6 * box.width, box.y + 0.3 * box.height);
      const [x, y] = await Promise.all(
        ["x", "y"].map((axis) => page.inputValue(`.probe-axis input[aria-label^="${axis},"]`)),
      );
      const downloads: Promise<Download> = page.waitForEvent("download");
      await page.click('.take-row button:has-text("npz")');
      const bytes = await Deno.readFile(await (await downloads).path());
      const array = await (await openNpz(memorySource(bytes, "waves.npz"))).open("forecast_A");
      const [value] = await array.readFloat32(6 * 64 * 64 + Number(x) * 64 + Number(y), 1);
      assert.equal(await page.textContent('.probe-values [data-panel="a"] dd'), shortNumber(value!, 4));
      const [scales] = await figureScales(makeScene(), FIRST_VIEW, [0]);
      const scale = scales!.field;
      const { from, factor } = lookup(scale);
      const { width, pixels } = await pixelsOf(page, "a");
      const at = Math.floor(0.3 * box.height) * width + Math.floor(0.6 * box.width);
      assert.equal(pixels[at], packedTable(scale.map)[colorIndex(value!, from, factor)]);
      // The crosshair stands in every panel.
      assert.equal(await page.locator(".crosshair").count(), 3);
    }),
);

browserTest(
  "keys act with the focus in the viewer, and playing shows every step until the last",
  () =>
    withViewer(async ({ page, open }) => {
      await open("scene=plane&step=17");
      await page.keyboard.press("ArrowRight");
      assert.equal(await page.evaluate("store.get().view.step"), 17);
      await page.focus(".stage-focus");
      await page.keyboard.press("ArrowRight");
      assert.equal(await page.evaluate("store.get().view.step"), 18);
      await page.keyboard.press("Home");
      assert.equal(await page.evaluate("store.get().view.step"), -5);
      await page.keyboard.press("f");
      assert.equal(await page.isChecked('input[name="quantity"][value="B"]'), true);
      await page.evaluate("seen = []; store.subscribe(({ view }) => seen.push(view.step))");
      for (const _ of [1, 2]) await page.keyboard.press("]");
      await page.keyboard.press("Space");
      await page.waitForFunction("store.get().view.step === 20 && !store.get().view.playing");
      const seen = [...new Set(await page.evaluate("seen") as number[])];
      assert.deepEqual(seen, Array.from({ length: 26 }, (_, i) => i - 5));
      assert.match(
        (await page.getAttribute(".scrubber input", "aria-valuetext"))!,
        /^step 20 of 20, time 1\.25, computed to 20$/,
      );
    }),
);

browserTest(
  "what the page opens with is played twice",
  () =>
    withViewer(async ({ page, open }) => {
      await open("scene=plane&step=18");
      await page.evaluate("seen = []; store.subscribe(({ view }) => seen.push(view.step))");
      await page.evaluate("store.update(({ view }) => ({ view: { ...view, playing: true, speed: 16 } }))");
      await page.waitForFunction("!store.get().view.playing");
      const seen = await page.evaluate("seen.filter((step, i) => step !== seen[i - 1])");
      assert.deepEqual(seen, [18, 19, 20, ...Array.from({ length: 26 }, (_, i) => i - 5)]);
    }),
);

browserTest(
  "nothing plays by itself where motion is not wanted; a press on Play does",
  () =>
    withViewer(async ({ page, open }) => {
      await open(`scene=plane&step=0&view=${encodeURIComponent('{"playing":true}')}`);
      await page.waitForTimeout(700);
      assert.equal(await page.evaluate("store.get().view.step"), 0);
      await page.click(".play");
      await page.waitForFunction("store.get().view.step > 1");
    }, { reducedMotion: "reduce" }),
);

browserTest(
  "data, picture and films are written by the worker, as files of their kinds",
  () =>
    withViewer(async ({ page, open }) => {
      await open("scene=running&step=3");
      const starts = {
        HDF5: "89484446",
        npz: "504b0304",
        PNG: "89504e47",
        GIF: "47494638",
        WebM: "1a45dfa3",
      };
      for (const [kind, start] of Object.entries(starts)) {
        const download = page.waitForEvent("download");
        await page.click(`.take-row button:has-text("${kind}")`);
        const bytes = await Deno.readFile(await (await download).path());
        assert.equal(bytes.subarray(0, 4).toHex(), start, kind);
      }
    }),
);

browserTest(
  "axe finds nothing, and nothing is wider than the window",
  () =>
    withViewer(async ({ page, open }) => {
      for (const name of Object.keys(TEST_SCENES)) {
        for (
          const [width, theme] of [[1440, "light"], [820, "light"], [390, "dark"], [320, "dark"]] as const
        ) {
          await page.setViewportSize({ width, height: 900 });
          if (width === 1440 || width === 390) {
            await open(`scene=${name}&step=2&theme=${theme}&view=${encodeURIComponent('{"zoom":2}')}`);
            assert.deepEqual(await axeFindings(page), [], `${name}, ${theme}, ${width}`);
          } else await settled(page);
          assert.ok(await sideways(page) <= 0, `${name} at ${width}`);
        }
      }
    }),
);
