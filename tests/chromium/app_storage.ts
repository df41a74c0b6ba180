// Steps that memory has no room for lie in the browser's private storage: they come back when they are shown, files have
// all of them, and the storage is empty when the scene goes.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { memorySource } from "../../lib/io/byte_source.ts";
import { openNpz } from "../../lib/io/npz.ts";
import { untilRun, withApp } from "./app.ts";
import { browserTest } from "./browser.ts";

/** Numbers of all steps in the archive that the page gives. */
async function downloaded(page: Page): Promise<Float32Array> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "npz", exact: true }).click(),
  ]);
  const bytes = await Deno.readFile((await download.path())!);
  const array = await (await openNpz(memorySource(bytes, "forecast.npz"))).open("forecast_A");
  return await array.readFloat32(0, array.shape.reduce((n, size) => n * size, 1));
}

/** Bytes of the files that hold frames. */
const stored = (page: Page) =>
  page.evaluate(`(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("walrus-frames").catch(() => null);
    let bytes = 0;
    for await (const file of folder?.values() ?? []) bytes += (await file.getFile()).size;
    return bytes;
  })()`) as Promise<number>;

const away = (page: Page) =>
  page.evaluate("walrusApp.store.get().scene.a.away?.size ?? 0") as Promise<number>;

browserTest("steps beyond the memory there is are put away; the archive is the same", async () => {
  await withApp(async ({ page }) => {
    await untilRun(page, /^8 steps in /);
    assert.equal(await away(page), 0);
    const wanted = await downloaded(page);
    // Two steps of 64 x 64 points and two fields.
    await page.evaluate("walrusApp.context.limits.frames = 65536");
    await page.locator(".setup .begin").click();
    await page.waitForFunction(
      `walrusApp.store.get().scene.computed === 8 && !walrusApp.store.get().scene.running`,
    );
    await page.waitForFunction("(walrusApp.store.get().scene.a.away?.size ?? 0) >= 3");
    assert.ok(await stored(page) >= 3 * 32768);
    assert.deepEqual(await downloaded(page), wanted);
    await page.evaluate(`walrusApp.store.update(({ view }) =>
      ({ view: { ...view, step: 1, follow: false, playing: false } }))`);
    await page.waitForFunction("walrusApp.store.get().scene.a.frames[0] !== null");
    assert.ok(await away(page) >= 3);
    await page.evaluate(`walrusApp.chooseData({ kind: "example", name: "euler" })`);
    await page.locator(".understood", { hasText: "Euler" }).waitFor();
    await page.waitForFunction("walrusApp.store.get().scene.a.frames.length === 0");
    for (let tries = 0; await stored(page) > 0; tries++) {
      assert.ok(tries < 50, "frames are still stored");
      await page.waitForTimeout(100);
    }
  }, { query: "?steps=8", reducedMotion: true });
});

browserTest("what a visit left in the storage is removed by the next one", async () => {
  await withApp(async ({ page }) => {
    await page.waitForSelector(".understood");
    await page.evaluate(`(async () => {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle("walrus-frames", { create: true });
      const file = await folder.getFileHandle("left", { create: true });
      const writer = await file.createWritable();
      await writer.write(new Uint8Array(1000));
      await writer.close();
    })()`);
    assert.equal(await stored(page), 1000);
    await page.reload();
    await page.waitForSelector(".understood");
    for (let tries = 0; await stored(page) > 0; tries++) {
      assert.ok(tries < 50, "the file is still there");
      await page.waitForTimeout(100);
    }
  }, { query: "?steps=1" });
});
