// The graphics device goes away in the midst of a forecast: once, and it goes on on another; twice, and it goes on on
// the processor. Nothing that was computed is lost.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { appFiles, arrayFiles, dropFiles, forecastOf, QUIET, untilRun, withApp } from "./app.ts";
import type { AppFiles } from "../../app/web/build.ts";
import { browserTest } from "./browser.ts";
import { tinyModel } from "./tiny_network.ts";

const STEPS = 4;

/** In the worker: every graphics device there goes away when the page says so. */
const HOOK = `{
  const devices = new Set();
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    const device = await request.apply(this, options);
    devices.add(device);
    return device;
  };
  new BroadcastChannel("devices").onmessage = () => {
    for (const device of devices) device.destroy();
    devices.clear();
  };
}
`;

/** The app with that in its worker. */
async function hookedFiles(): Promise<AppFiles> {
  const files = await appFiles();
  const worker = new TextDecoder().decode(files.get("library_worker.js")!);
  return new Map([...files, ["library_worker.js", new TextEncoder().encode(HOOK + worker)]]);
}

/** Keeps what is said, and lets devices go away after these steps. */
async function loseAfter(page: Page, steps: readonly number[]): Promise<void> {
  await page.evaluate(`(() => {
    const channel = new BroadcastChannel("devices");
    const after = ${JSON.stringify(steps)};
    globalThis.said = [];
    walrusApp.store.subscribe(({ run, scene }) => {
      if (run.kind !== "running") return;
      if (run.note && said.at(-1)?.note !== run.note) said.push({ note: run.note, kept: scene.computed });
      if (!run.note && run.step >= after[0]) {
        after.shift();
        channel.postMessage("destroy");
      }
    });
  })()`);
}

browserTest(
  "a lost graphics device is replaced, a second time by the processor; all steps are kept",
  async () => {
    await withApp(async ({ page }) => {
      await loseAfter(page, [2, 3]);
      await page.waitForSelector(".understood");
      await dropFiles(page, [...await tinyModel(), ...arrayFiles({ fields: ["density"] })]);
      await forecastOf(page, "32 x 32 points");
      await untilRun(page, new RegExp(`^${STEPS} steps in `));
      const said = await page.evaluate("said") as { note: string; kept: number }[];
      assert.equal(said.length, 2, JSON.stringify(said));
      const [first, second] = said as [typeof said[0], typeof said[0]];
      assert.equal(
        first.note,
        `The graphics device went away; steps 1 to ${first.kept} are safe. Rebuilding.`,
      );
      assert.ok(first.kept >= 2);
      assert.equal(second.note, "The graphics device went away twice. Continuing on the processor.");
      const frames = await page.evaluate(
        "walrusApp.store.get().scene.a.frames.map(([numbers]) => numbers.every(Number.isFinite))",
      );
      assert.deepEqual(frames, Array(STEPS).fill(true));
      // What computes now is what is told.
      await page.locator(".status", { hasText: /wasm/ }).waitFor();
    }, { ...QUIET, files: await hookedFiles(), query: `?backend=webgpu&steps=${STEPS}` });
  },
);
