// The package from another origin in browsers, isolated or not, on the processor and on WebGPU; and once more when both
// servers are gone, where a cache was allowed.

import assert from "node:assert/strict";
import { inBrowser, missing } from "../chromium/browser.ts";
import { firefox, firefoxMissing } from "./firefox.ts";
import { serveFolder } from "./serve.ts";
import { assertForecasts, assertNear, DIST, files, type Result, type Results } from "./subject.ts";
import { inRepository } from "../shared.ts";
import { webkit, webkitMissing } from "./webkit.ts";

interface Outcome extends Results {
  readonly error?: string;
  readonly isolated: boolean;
  readonly gpu?: Result;
}

/** What a browser tells of a page: its outcome, errors and warnings of its console. */
export interface Seen {
  readonly outcome: Outcome;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Headers that isolate a page: all browsers, and Chromium by one header alone. */
const ISOLATION = {
  "both headers": {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  },
  "Document-Isolation-Policy": { "document-isolation-policy": "isolate-and-require-corp" },
} as const;

const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.mjs"></script>`;
/** The same for a driver that does not tell what the console was told. */
const KEEPS_CONSOLE = `<script>
globalThis.said = { errors: [], warnings: [] };
console.error = (...words) => said.errors.push(words.join(" "));
console.warn = (...words) => said.warnings.push(words.join(" "));
addEventListener("error", ({ message }) => said.errors.push(message));
addEventListener("unhandledrejection", ({ reason }) => said.errors.push(String(reason)));
</script>`;
const KEEPING = PAGE.replace("<link", `${KEEPS_CONSOLE}<link`);
const CACHED = { "cache-control": "public, max-age=3600, immutable" };

/** Two origins: one with the page, one with the library and the files. */
interface Origins extends AsyncDisposable {
  readonly url: string;
  /** Paths of the library that were requested so far. */
  readonly requested: readonly string[];
}

async function origins(headers: Readonly<Record<string, string>>, query = ""): Promise<Origins> {
  const subject = await files();
  const requested: string[] = [];
  const library = serveFolder(DIST, CACHED, {}, (path) => requested.push(path));
  const data = serveFolder(subject.folder, CACHED);
  await Deno.copyFile(inRepository("tests/dist/page.mjs"), `${subject.folder}/page.mjs`);
  const page = serveFolder(subject.folder, { ...CACHED, ...headers }, { "/": PAGE, "/kept": KEEPING });
  const at = (server: Deno.HttpServer<Deno.NetAddr>) => `http://127.0.0.1:${server.addr.port}/`;
  return {
    requested,
    url: `${at(page)}?library=${at(library)}walrus.js&files=${at(data)}${query}`,
    async [Symbol.asyncDispose]() {
      await Promise.all([library.shutdown(), data.shutdown(), page.shutdown()]);
      await subject[Symbol.asyncDispose]();
    },
  };
}

/** Checks what every browser has to show; `alone` says why there is one thread, in the one notice. */
async function check(
  { outcome, errors, warnings }: Seen,
  where: string,
  isolated: boolean,
  alone?: RegExp,
): Promise<void> {
  assert.equal(outcome.error, undefined);
  assert.deepEqual(errors, []);
  assert.equal(outcome.isolated, isolated);
  await assertForecasts(outcome, where);
  const notices = warnings.filter((text) => text.includes("wasm()"));
  assert.match(outcome.usual.device, alone ? /1 threads/ : /[2-9]\d* threads/);
  assert.equal(notices.length, alone ? 1 : 0, notices.join("\n"));
  if (alone) assert.match(notices[0]!, alone);
}

const NOT_ISOLATED = /the page is not cross-origin isolated/;

/**
 * A page in Chromium.
 *
 * @param url of the page
 * @param before a second visit, whose outcome then counts
 */
async function chromium(url: string, before?: () => Promise<void>): Promise<Seen> {
  return await inBrowser("about:blank", async (page, errors) => {
    const [warnings, said]: [string[], string[]] = [[], []];
    page.on("console", (message) => {
      if (message.type() === "error") said.push(message.text());
      if (message.type() === "warning") warnings.push(message.text());
    });
    let outcome!: Outcome;
    for (const again of before ? [false, true] : [false]) {
      if (again) await before!();
      await page.goto(url);
      await page.waitForFunction("globalThis.outcome !== undefined", undefined, { timeout: 120_000 })
        .catch((error: unknown) => {
          throw new Error(`no outcome: ${[...errors, ...said].join("; ")}`, { cause: error });
        });
      outcome = await page.evaluate("globalThis.outcome") as Outcome;
    }
    return { outcome, errors: [...errors, ...said], warnings };
  }, { profile: before !== undefined });
}

function test(name: string, reason: string | null, fn: () => Promise<void>): void {
  Deno.test({
    name: reason ? `${name} (${reason})` : name,
    ignore: reason !== null,
    // Drivers keep timers and pipes of their own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn,
  });
}

/** Refuses requests for what a forecast on the processor does not need: HDF5, training, WebGPU, other kernels. */
function assertParts(requested: readonly string[]): void {
  const names = requested.map((path) => /(\w+)-\w+\.js$/.exec(path)?.[1] ?? path);
  assert.deepEqual(names.filter((name) => /h5wasm|well|arrays|device|torch|train$|_64/.test(name)), []);
  const parts = names.filter((name) => /^(plain|relaxed|family)/.test(name)).toSorted();
  assert.deepEqual(parts, ["family", "plain_threads", "relaxed_threads"]);
}

for (const [name, headers] of Object.entries(ISOLATION)) {
  const query = name === "both headers" ? "&webgpu=1" : "";
  test(`Chromium imports the package from another origin, isolated by ${name}`, missing(), async () => {
    await using origin = await origins(headers, query);
    const seen = await chromium(origin.url);
    await check(seen, `Chromium, ${name}`, true);
    if (query) await assertNear(seen.outcome.gpu!, "Chromium, WebGPU");
    else assertParts(origin.requested);
  });
}

test("Chromium imports the package from another origin without isolation", missing(), async () => {
  await using origin = await origins({}, "&webgpu=1");
  const seen = await chromium(origin.url);
  await check(seen, "Chromium, not isolated", false, NOT_ISOLATED);
  await assertNear(seen.outcome.gpu!, "Chromium, not isolated, WebGPU");
});

test("Chromium forecasts again when all servers are gone, from its cache", missing(), async () => {
  const origin = await origins({});
  const seen = await chromium(origin.url, () => Promise.resolve(origin[Symbol.asyncDispose]()));
  assert.equal(seen.outcome.error, undefined);
  assert.deepEqual(seen.errors, []);
  await assertForecasts(seen.outcome, "Chromium, offline");
});

for (const isolated of [true, false]) {
  const headers = isolated ? ISOLATION["both headers"] : {};
  test(
    `Firefox imports the package from another origin, isolated: ${isolated}`,
    firefoxMissing(),
    async () => {
      await using origin = await origins(headers);
      const alone = isolated ? undefined : NOT_ISOLATED;
      await check(await firefox<Outcome>(origin.url), `Firefox, isolated: ${isolated}`, isolated, alone);
    },
  );
  test(`WebKit imports the package from another origin, isolated: ${isolated}`, webkitMissing(), async () => {
    await using origin = await origins(headers);
    const seen = await webkit<Outcome>(origin.url.replace("/?", "/kept?"));
    // Debian's WebKitGTK shares no memory in pages that a driver leads, isolated or not, and has no relaxed SIMD.
    const alone = isolated ? /no shared memory; .* no relaxed SIMD/ : NOT_ISOLATED;
    await check(seen, `WebKit, isolated: ${isolated}`, isolated, alone);
  });
}
