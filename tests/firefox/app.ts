// The app's journey in headless Firefox: it opens, forecasts by itself beside the truth, says how well, and is cancelled
// and goes on, with no error on the console. Run by the task of the browsers, hence the name of the file.

import assert from "node:assert/strict";
import { buildApp } from "../../app/web/build.ts";
import { serveApp } from "../../app/web/serve.ts";
import { firefoxMissing, inFirefox } from "../dist/firefox.ts";

const PATIENCE = 180_000;
const WORDS = `document.querySelector(".run-words")?.textContent ?? ""`;

const reason = firefoxMissing();

Deno.test({
  name: `the app's journey goes in Firefox${reason ? ` (${reason})` : ""}`,
  ignore: reason !== null,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using server = await serveApp(0, { files: await buildApp() });
    const url = `http://127.0.0.1:${server.addr.port}/?steps=4`;
    await inFirefox(url, async ({ page, errors }) => {
      const until = (words: RegExp) =>
        page.waitForFunction(`${words}.test(${WORDS})`, { timeout: PATIENCE }).catch(
          async (cause: unknown) => {
            const state = await page.evaluate(`JSON.stringify(walrusApp.store.get().run)`);
            throw new Error(`not ${words}: ${state}; ${errors.join("; ")}`, { cause });
          },
        );
      await until(/^4 steps in /);
      assert.match(
        await page.evaluate(WORDS) as string,
        /^4 steps in [\d.]+ (s|min)\. Off by 0\.\d\d \(VRMSE, no unit\); the last input frame, kept, by 0\.\d\d\.$/,
      );
      const scores = () =>
        page.evaluate(`walrusApp.store.get().scene.scores.find(({ id }) => id === "a").vrmse[0]`);
      const whole = await scores() as number[];
      assert.equal(whole.length, 4);
      // Cancelled after its second step, it goes on, and gives the same bits.
      await page.evaluate(`new Promise((resolve) => {
        const stop = walrusApp.store.subscribe(({ run }) => {
          if (run.kind !== "running" || run.step < 2) return;
          stop();
          document.querySelector(".begin").click();
          resolve();
        });
        document.querySelector(".begin").click();
      })`);
      await until(/^Cancelled\. Steps 1 to/);
      await page.evaluate(`[...document.querySelectorAll(".go button")]
        .find(({ textContent }) => textContent.startsWith("Go on from")).click()`);
      await until(/^4 steps in /);
      assert.deepEqual(await scores(), whole);
      assert.ok(await page.evaluate("crossOriginIsolated"));
      assert.deepEqual(errors, []);
    });
  },
});
