// The library in headless Chromium: golden cases on WASM with threads, and on WebGPU (software there), within the
// same tolerances as in Deno. Run by a task of its own, hence the name of the file: the driver asks for all rights.

import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import type { CaseReport } from "../../app/parity/runner.ts";
import { bundle, ISOLATED } from "../../app/web/bundle.ts";
import { fixture, inRepository, shared } from "../shared.ts";
import { browserTest, inBrowser } from "./browser.ts";

/** Serves the page, its script and the golden vectors. */
function serve(script: BodyInit, golden: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const reply = (body: BodyInit, type: string) =>
      new Response(body, { headers: { ...ISOLATED, "content-type": type } });
    if (pathname === "/") {
      return reply(`<!doctype html><script type="module" src="/page.js"></script>`, "text/html");
    }
    if (pathname === "/page.js") return reply(script, "text/javascript");
    const name = /^\/golden\/([\w./-]+)$/.exec(pathname)?.[1];
    if (!name || name.includes("..")) return new Response("not found", { status: 404 });
    return reply(await Deno.readFile(`${golden}/${name}`), "application/octet-stream");
  });
}

/** Runs cases of a folder in the browser, one after the other; gives the device's name. */
async function inChromium(
  golden: string,
  backend: "wasm" | "webgpu",
  names: readonly string[],
  onReport: (report: CaseReport) => void,
): Promise<string> {
  const script = await bundle(inRepository("tests/chromium/page.ts"));
  await using server = serve(script, golden);
  const url = `http://127.0.0.1:${server.addr.port}/`;
  return await inBrowser(url, async (page, errors) => {
    await page.waitForFunction("globalThis.openParity !== undefined").catch((error: unknown) => {
      throw new Error(`the page did not start: ${errors.join("; ")}`, { cause: error });
    });
    const device = await page.evaluate(`openParity(${JSON.stringify(`${url}golden`)}, "${backend}")`);
    for (const name of names) {
      onReport(await page.evaluate(`runCase(${JSON.stringify(name)})`) as CaseReport);
    }
    return device as string;
  });
}

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    // Sections, or single cases, on each backend: the software GPU of a browser needs minutes for some. Whole models of
    // every kind are judged on WebGPU in Deno; here the kernels that its adapter has not are, in two and three axes.
    wasm: { type: "string", default: "A,B,C,D,E,F,G" },
    webgpu: { type: "string", default: "A,E,F,b_2d_mixed,b_2d_walls_jitter,b_3d_mixed" },
    json: { type: "boolean", default: false },
  },
});

async function cases(folder: string, wanted: readonly string[]): Promise<string[]> {
  const index = JSON.parse(await Deno.readTextFile(`${folder}/index.json`)) as {
    cases: { name: string; section: string }[];
  };
  return index.cases.filter(({ name, section }) => wanted.includes(section) || wanted.includes(name))
    .map(({ name }) => name);
}

const golden = shared("golden") ?? fixture("golden");

for (const backend of ["wasm", "webgpu"] as const) {
  if (options[backend] === "") continue;
  browserTest(`golden cases pass on ${backend} in headless Chromium`, async () => {
    const names = await cases(golden, options[backend].split(","));
    const reports: CaseReport[] = [];
    const device = await inChromium(golden, backend, names, (report) => {
      reports.push(report);
      if (options.json) console.log(JSON.stringify({ backend, ...report }));
    });
    // The browser's software adapter has subgroups, Deno's has none: here their kernels are judged.
    assert.match(device, backend === "wasm" ? /^wasm \(.*[2-9]\d* threads\)/ : /^webgpu \(.*subgroups\)/);
    assert.equal(reports.length, names.length);
    const failed = reports.filter(({ status }) => status !== "passed");
    assert.deepEqual(failed.map((r) => `${r.name}: ${r.note} ${JSON.stringify(r.worst)}`), []);
  });
}
