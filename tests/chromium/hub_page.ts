// A Hub from a browser tab: files come into the page's private storage by the same rules as onto a disk, and the
// app shows a size before anything large is fetched.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { bundle, ISOLATED } from "../../app/web/bundle.ts";
import { etagOf, patterned, type ServedRepo, serveHub, TOKEN } from "../hub/server.ts";
import { inRepository } from "../shared.ts";
import { untilRun, withApp } from "./app.ts";
import { browserTest, inBrowser } from "./browser.ts";
import type { HubReply, HubRequest } from "./hub_worker.ts";

const COMMIT = "b".repeat(40);
const LARGE = patterned(6_000_001);
const SMALL = new TextEncoder().encode("small");

/** Of an address at which no forecast begins by itself for long. */
const QUIET = "?steps=2&data=euler&backend=wasm";

const REPO: ServedRepo = {
  kind: "model",
  repo: "org/name",
  commit: COMMIT,
  files: { "large.bin": LARGE, "notes/small.txt": SMALL },
};

/** Serves an empty page and the worker. */
async function serveWorker(): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const script = await bundle(inRepository("tests/chromium/hub_worker.ts"));
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const isScript = new URL(url).pathname === "/worker.js";
    const type = isScript ? "text/javascript" : "text/html";
    return new Response(isScript ? script : "<!doctype html>", {
      headers: { ...ISOLATED, "content-type": type },
    });
  });
}

/** Has a worker fetch. */
async function ask(page: Page, request: HubRequest): Promise<HubReply> {
  return await page.evaluate(`new Promise((resolve, reject) => {
    const worker = new Worker("/worker.js", { type: "module" });
    worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(${JSON.stringify(request)});
  })`) as HubReply;
}

browserTest("a page's storage keeps what is fetched: cut, resumed, verified, and once", async () => {
  await using hub = serveHub([{ ...REPO, access: "token" }], { cut: [700_000, 1_500_000, 100_000] });
  await using server = await serveWorker();
  await inBrowser(`http://127.0.0.1:${server.addr.port}/`, async (page) => {
    const { endpoint } = hub;
    const request = { endpoint, name: "hf:org/name", token: TOKEN };
    assert.match((await ask(page, { endpoint, name: "hf:org/name" })).error ?? "", /answers 401/);
    hub.faults.wrongByte = 5_000_000;
    const wrong = await ask(page, { ...request, name: "hf:org/name/large.bin" });
    assert.match(wrong.error ?? "", /its checksum is [0-9a-f]{64}, the Hub lists [0-9a-f]{64}/);
    assert.deepEqual(wrong.blobs, []);
    hub.faults.wrongByte = -1;
    hub.faults.cut = [900_000, 2_000_000];
    const { files, right, blobs, error } = await ask(page, request);
    assert.equal(error, undefined);
    assert.deepEqual(files, { "large.bin": etagOf(LARGE, true), "notes/small.txt": etagOf(SMALL, true) });
    assert.deepEqual([right, blobs.length], [2, 2]);
    const sent = hub.sent();
    assert.deepEqual((await ask(page, request)).files, files);
    assert.equal(hub.sent(), sent);
    // The token stays with the Hub.
    const cdn = hub.requests.filter((line) => line.startsWith("cdn GET"));
    assert.ok(cdn.length > 0 && cdn.every((line) => line.endsWith(" -")), cdn.join("\n"));
  });
});

browserTest("the app shows the size of a network on a Hub, loads it when told, and keeps it", async () => {
  const read = (path: string) => Deno.readFileSync(inRepository(`examples/${path}`));
  const model: ServedRepo = {
    ...REPO,
    files: {
      "walrus.safetensors": read("walrus_small/walrus.safetensors"),
      "extended_config.yaml": read("walrus_small/extended_config.yaml"),
    },
  };
  const set: ServedRepo = {
    ...REPO,
    kind: "dataset",
    repo: "org/set",
    files: { "data/train/a.hdf5": read("data/gray_scott_mini.hdf5") },
  };
  await using hub = serveHub([model, set]);
  await withApp(async ({ page, url }) => {
    const useNames = async () => {
      await page.waitForSelector(".understood");
      const part = (name: string) => page.getByRole("region", { name, exact: true });
      await part("Model").getByRole("button", { name: "Other model" }).click();
      await part("Model").locator("summary", { hasText: "Access to the Hub" }).click();
      await page.getByLabel("Address of the Hub").fill(hub.endpoint);
      await page.getByLabel("Address of a checkpoint").fill("hf:org/name");
      await part("Model").getByRole("button", { name: "Open", exact: true }).click();
      await part("Data").getByRole("button", { name: "Other data" }).click();
      await part("Data").getByRole("button", { name: "Paste link" }).click();
      await page.getByLabel("Address of a file").fill("hf:datasets/org/set");
      await part("Data").getByRole("button", { name: "Open", exact: true }).click();
      await page.locator(".understood", { hasText: "hf:datasets/org/set: 64 x 64 points" }).waitFor();
      await page.locator(".begin", { hasText: /^Forecast$/ }).click();
    };
    await useNames();
    const question = page.locator(".go .note", {
      hasText: /^hf:org\/name: \d+\.\d MB to load\. Kept on this device/,
    });
    await question.waitFor({ timeout: 60_000 });
    const before = hub.sent();
    assert.ok(before < 1e6, `${before} bytes were sent unasked`);
    await question.getByRole("button", { name: "Load" }).click();
    await untilRun(page, /^2 steps in /);
    const sent = hub.sent();
    assert.ok(sent > 9e6);
    await page.goto(`${url}${QUIET}`);
    await useNames();
    await untilRun(page, /^2 steps in /);
    assert.equal(hub.sent(), sent);
  }, { query: QUIET });
});
