// Pages of evaluations and of comparisons for everyone: axe finds nothing in both themes, on a phone and on a desktop,
// nothing runs sideways, nothing is asked for from outside, films play.

import assert from "node:assert/strict";
import { compareEvaluations } from "../../app/evaluate/report/compare.ts";
import { comparisonReport } from "../../app/evaluate/report/compare_report.ts";
import { makeReport } from "../../app/evaluate/report/report.ts";
import { madeUpEvaluation } from "../app/evaluation_fixture.ts";
import { axeFindings, sideways } from "./app.ts";
import { browserTest, sharedBrowser } from "./browser.ts";

const NETWORKS = ["walrus_small", "a_network_with_a_long_name_from_some_folder"];

/** The pages, by what they are of. */
function pages(): Readonly<Record<string, string>> {
  const one = madeUpEvaluation({ checkpoints: NETWORKS });
  const other = madeUpEvaluation({ checkpoints: NETWORKS, factor: 0.9 });
  return {
    evaluation: makeReport(one, { againstPaper: true }).html,
    comparison: comparisonReport(one, other, compareEvaluations(one, other)).html,
  };
}

browserTest("axe finds nothing in pages of evaluations, at two widths, in both themes", async () => {
  const browser = await sharedBrowser();
  const found: string[] = [];
  for (const [name, html] of Object.entries(pages())) {
    const context = await browser.newContext({ bypassCSP: true });
    try {
      const page = await context.newPage();
      const asked: string[] = [];
      page.on("request", (request) => void asked.push(request.url()));
      const errors: string[] = [];
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      await page.setContent(html);
      // What is folded is looked at too.
      await page.evaluate(`document.querySelectorAll("details").forEach((one) => one.open = true)`);
      await page.evaluate(`Promise.all([...document.images].map((image) => image.decode()))`);
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        for (const theme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme: theme });
          found.push(
            ...(await axeFindings(page)).map((finding) => `${name}, ${width}, ${theme}: ${finding}`),
          );
        }
        const wider = await sideways(page);
        if (wider > 0) found.push(`${name} is wider than ${width} by ${wider}`);
      }
      assert.deepEqual(asked.filter((url) => !url.startsWith("data:") && url !== "about:blank"), []);
      assert.deepEqual(errors, []);
    } finally {
      await context.close();
    }
  }
  assert.deepEqual(found, []);
});

browserTest(
  "films of an evaluation decode as they are put into the page, within its own policy",
  async () => {
    const browser = await sharedBrowser();
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.setContent(pages().evaluation!);
      const summary = page.locator("summary", { hasText: "Film of" }).first();
      await summary.focus();
      await page.keyboard.press("Enter");
      await page.locator(".film img").first().waitFor();
      const size = await page.evaluate(`(async () => {
      const film = document.querySelector(".film img");
      await film.decode();
      return [film.naturalWidth, film.naturalHeight];
    })()`);
      // Three panels of 16 points with gaps; two components and the bar.
      assert.deepEqual(size, [3 * 17 - 1, 2 * 17 + 2]);
    } finally {
      await context.close();
    }
  },
);
