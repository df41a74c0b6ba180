// The finetuning page as a user meets it: a file is dropped, the loss falls, the result is downloaded and forecasts in
// Deno. The network is a tiny one, dropped beside the data; a file that is none is refused in words.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { servePage } from "../../app/web/serve.ts";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../lib/models/walrus/config.ts";
import { walrusModel } from "../../lib/models/walrus/walrus.ts";
import { startWeights } from "../../lib/train/start_weights.ts";
import { framesOf } from "../forecast/shipped.ts";
import { inRepository } from "../shared.ts";
import { browserTest, inBrowser } from "./browser.ts";

const DATA = inRepository("examples/data/gray_scott_mini.hdf5");
const STEPS = 50;

const TINY: WalrusConfig = {
  ...RELEASED_CONFIG,
  hiddenDim: 32,
  intermediateDim: 4,
  blocks: 2,
  heads: 2,
  mlpDim: 64,
  contextFrames: 3,
  includeD: [2],
  jitter: false,
  inputFieldDrop: 0,
};

/** Files by name, as a page is given them. */
async function tinyModel(): Promise<Record<string, Uint8Array>> {
  const model = walrusModel(TINY);
  const weights = startWeights(model, 1);
  const tensors = [...model.parameters].map(([name, { shape }]) => ({
    name,
    shape,
    data: weights.get(name)!,
  }));
  const texts = Object.entries(await model.files()).map((
    [name, text],
  ) => [name, new TextEncoder().encode(text)]);
  return { "tiny.safetensors": writeSafetensors(tensors), ...Object.fromEntries(texts) };
}

/** Drops files onto the page. */
async function drop(page: Page, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  const list = Object.entries(files).map(([name, bytes]) => ({ name, text: bytes.toBase64() }));
  const transfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    for (const { name, text } of ${JSON.stringify(list)}) {
      transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
    }
    return transfer;
  })()`);
  await page.dispatchEvent("#drop", "drop", { dataTransfer: transfer });
}

/** Losses of the pale curve: heights of its points, largest at the top. */
async function heights(page: Page): Promise<number[]> {
  const points = await page.getAttribute("#curve polyline", "points") ?? "";
  return points.split(" ").map((point) => -Number(point.split(",")[1]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

browserTest("the page finetunes on a dropped file, and the download forecasts in Deno", async () => {
  await using server = await servePage(0);
  const folder = await Deno.makeTempDir();
  try {
    const facts = await inBrowser(`http://127.0.0.1:${server.addr.port}/`, async (page, errors) => {
      await page.fill("#rate", "0.001");
      await page.selectOption("#backend", "wasm");
      await drop(page, { ...await tinyModel(), "gray_scott_mini.hdf5": await Deno.readFile(DATA) });
      await page.waitForSelector("#result:not([hidden]), #error:not([hidden])", { timeout: 120_000 });
      assert.equal(await page.textContent("#error"), "");
      assert.equal(await page.textContent("#step"), `${STEPS} / ${STEPS}`);
      const curve = await heights(page);
      assert.equal(curve.length, STEPS);
      assert.ok(mean(curve.slice(-10)) < mean(curve.slice(0, 10)) - 20, `${curve}`);
      for (const name of ["walrus.safetensors", "extended_config.yaml"]) {
        const [download] = await Promise.all([
          page.waitForEvent("download"),
          page.click(`#downloads a[download="${name}"]`),
        ]);
        assert.equal(download.suggestedFilename(), name);
        await download.saveAs(`${folder}/${download.suggestedFilename()}`);
      }
      assert.deepEqual(errors, []);
      return await page.textContent("#facts") ?? "";
    });
    assert.match(facts, /64 x 64.*wasm \(.*[2-9]\d* threads\)/);

    using device = await wasm({ threads: 1 });
    using loaded = await loadModel(`${folder}/walrus.safetensors`, { device });
    assert.deepEqual(loaded.model.config, { ...TINY, dropPath: 0 });
    const start = await framesOf(DATA, 0, TINY.contextFrames);
    const frames = await Array.fromAsync(loaded.rollout(start, { steps: 2 }));
    assert.equal(frames.length, 2);
    assert.ok(frames.every(({ values }) => values.every((field) => field.every(Number.isFinite))));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

browserTest("the page finetunes on WebGPU", async () => {
  await using server = await servePage(0);
  await inBrowser(`http://127.0.0.1:${server.addr.port}/`, async (page) => {
    // A software adapter takes its time.
    await page.fill("#steps", "2");
    await page.selectOption("#backend", "webgpu");
    await drop(page, { ...await tinyModel(), "gray_scott_mini.hdf5": await Deno.readFile(DATA) });
    await page.waitForSelector("#result:not([hidden]), #error:not([hidden])", { timeout: 240_000 });
    assert.equal(await page.textContent("#error"), "");
    assert.match(await page.textContent("#facts") ?? "", /Computes on webgpu \(/);
    assert.equal((await heights(page)).length, 2);
  });
});

browserTest(
  "the page says what is wrong with a file, stops when told, and then offers what it has",
  async () => {
    await using server = await servePage(0);
    await inBrowser(`http://127.0.0.1:${server.addr.port}/`, async (page) => {
      const refused = async (files: Record<string, Uint8Array>, message: RegExp) => {
        await drop(page, files);
        await page.waitForSelector("#error:not([hidden])", { timeout: 60_000 });
        assert.match(await page.textContent("#error") ?? "", message);
        assert.ok(await page.isVisible("#setup"));
      };
      const data = await Deno.readFile(DATA);
      await refused({ "notes.txt": Uint8Array.of(1) }, /"notes.txt" is no simulation/);
      await refused({ "a.safetensors": Uint8Array.of(1) }, /"a.safetensors" needs its extended_config.yaml/);
      await refused({ "a.hdf5": new TextEncoder().encode("Hello") }, /"a.hdf5": it is no HDF5 file/);
      await refused({ "torn.hdf5": data.subarray(0, 100_000) }, /"torn.hdf5": truncated file/);

      await page.fill("#steps", "10000");
      await drop(page, { ...await tinyModel(), "gray_scott_mini.hdf5": data });
      await page.waitForSelector("#curve svg", { timeout: 60_000 });
      await page.click("#stop");
      await page.waitForSelector("#result:not([hidden])", { timeout: 60_000 });
      assert.match(await page.textContent("#phase") ?? "", /^Stopped after \d+ steps, /);
      assert.ok(await page.isVisible('#downloads a[download="walrus.safetensors"]'));
    });
  },
);
