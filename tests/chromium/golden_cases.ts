// The library in headless Chromium: golden cases on WASM with threads, and on WebGPU (software there), within the
// same tolerances as in Deno. Run by a task of its own, hence the name of the file: the driver asks for all rights.

import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import type { CaseReport } from "../../app/parity/runner.ts";
import { fixture, inRepository, shared } from "../shared.ts";

/** Where Debian's package puts it. */
const CHROMIUM = "/usr/bin/chromium";

function missing(): string | null {
  try {
    Deno.statSync(CHROMIUM);
    return null;
  } catch {
    return `${CHROMIUM} is not installed`;
  }
}

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Without it headless Chromium has no adapter.
  "--enable-unsafe-webgpu",
];

/** Pages with these headers have shared memory, hence threads. */
const HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

async function bundle(): Promise<Uint8Array> {
  const path = await Deno.makeTempFile({ suffix: ".js" });
  try {
    const args = [
      "bundle",
      "--platform",
      "browser",
      "--quiet",
      "-o",
      path,
      inRepository("tests/chromium/page.ts"),
    ];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return await Deno.readFile(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Serves the page, its script and the golden vectors. */
function serve(script: Uint8Array, golden: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const reply = (body: BodyInit, type: string) =>
      new Response(body, { headers: { ...HEADERS, "content-type": type } });
    if (pathname === "/") {
      return reply(`<!doctype html><script type="module" src="/page.js"></script>`, "text/html");
    }
    if (pathname === "/page.js") return reply(script as Uint8Array<ArrayBuffer>, "text/javascript");
    const name = /^\/golden\/([\w./-]+)$/.exec(pathname)?.[1];
    if (!name || name.includes("..")) return new Response("not found", { status: 404 });
    return reply(await Deno.readFile(`${golden}/${name}`), "application/octet-stream");
  });
}

/** Runs cases of a folder in the browser, one after the other. */
async function inChromium(
  golden: string,
  backend: "wasm" | "webgpu",
  names: readonly string[],
  onReport: (report: CaseReport) => void,
): Promise<string> {
  await using server = serve(await bundle(), golden);
  // Loaded where it is needed only: it asks for much.
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    const url = `http://127.0.0.1:${server.addr.port}/`;
    await page.goto(url);
    await page.waitForFunction("globalThis.openParity !== undefined").catch((error: unknown) => {
      throw new Error(`the page did not start: ${errors.join("; ")}`, { cause: error });
    });
    const device = await page.evaluate(
      `openParity(${JSON.stringify(`${url}golden`)}, "${backend}")`,
    ) as string;
    for (const name of names) {
      onReport(await page.evaluate(`runCase(${JSON.stringify(name)})`) as CaseReport);
    }
    return device;
  } finally {
    await browser.close();
  }
}

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    /** Sections on each backend: the software GPU of a browser needs minutes for some. */
    wasm: { type: "string", default: "A,B,C,D,E,F,G" },
    webgpu: { type: "string", default: "A,B,C,E,F,G" },
    json: { type: "boolean", default: false },
  },
});

async function cases(folder: string, sections: readonly string[]): Promise<string[]> {
  const index = JSON.parse(await Deno.readTextFile(`${folder}/index.json`)) as {
    cases: { name: string; section: string }[];
  };
  return index.cases.filter(({ section }) => sections.includes(section)).map(({ name }) => name);
}

const golden = shared("golden") ?? fixture("golden");
const reason = missing();

for (const backend of ["wasm", "webgpu"] as const) {
  const name = `golden cases pass on ${backend} in headless Chromium`;
  Deno.test({
    name: reason ? `${name} (${reason})` : name,
    ignore: reason !== null,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const names = await cases(golden, options[backend].split(","));
      const reports: CaseReport[] = [];
      const device = await inChromium(golden, backend, names, (report) => {
        reports.push(report);
        if (options.json) console.log(JSON.stringify({ backend, ...report }));
      });
      assert.match(device, backend === "wasm" ? /^wasm \(.*[2-9]\d* threads\)/ : /^webgpu \(/);
      assert.equal(reports.length, names.length);
      const failed = reports.filter(({ status }) => status !== "passed");
      assert.deepEqual(failed.map((r) => `${r.name}: ${r.note} ${JSON.stringify(r.worst)}`), []);
    },
  });
}
