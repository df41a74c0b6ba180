// The app as static files: scripts, one sheet, the shipped network and data. Any static host serves them.

import { base_url } from "h5wasm-plugins";
import { fileURLToPath } from "node:url";
import { bundle, bundleParts } from "./bundle.ts";
import { firstScripts } from "./first_scripts.ts";
import { planesFirst } from "./order_weights.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const APP = `${ROOT}pages/app`;

/** Files by their paths on the host. */
export type AppFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** Files of the repository that the app loads, by their paths on the host. */
const SHIPPED: Readonly<Record<string, string>> = {
  "model/walrus.safetensors": "examples/walrus_small/walrus.safetensors",
  "model/extended_config.yaml": "examples/walrus_small/extended_config.yaml",
  "model/learnt.yaml": "examples/walrus_small/learnt.yaml",
  "data/gray_scott/arrays.yaml": "examples/data/gray_scott_opener/arrays.yaml",
  "data/gray_scott/frames.npz": "examples/data/gray_scott_opener/frames.npz",
  "data/euler_quadrants_mini.hdf5": "examples/data/euler_quadrants_mini.hdf5",
};

/** Sheets that go before the others. */
const FIRST_SHEETS = ["tokens.css", "base.css"];

/** Paths of all files below a folder, sorted. */
function below(folder: string, within = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${within}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? below(folder, `${within}${name}/`) : [`${within}${name}`]
  ).sort();
}

async function scripts(): Promise<[string, Uint8Array<ArrayBuffer>][]> {
  const entries = [
    "page/main.tsx",
    ...below(APP).filter((path) => /worker\.ts$/.test(path) && !isService(path)),
  ];
  const folder = await Deno.makeTempDir();
  try {
    await bundleParts(entries.map((path) => `${APP}/${path}`), folder, { minify: true });
    return below(folder).map((path) => [path, Deno.readFileSync(`${folder}/${path}`)]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A file of the repository as it is served. */
function shipped(path: string, from: string): Uint8Array<ArrayBuffer> {
  const bytes = Deno.readFileSync(ROOT + from);
  return path.endsWith(".safetensors") ? planesFirst(bytes) : bytes;
}

const isService = (path: string) => path === "offline/service_worker.ts";

function sheets(): Uint8Array<ArrayBuffer> {
  const paths = below(APP).filter((path) => path.endsWith(".css"));
  const ordered = [...FIRST_SHEETS, ...paths.filter((path) => !FIRST_SHEETS.includes(path))];
  const text = ordered.map((path) => Deno.readTextFileSync(`${APP}/${path}`)).join("\n");
  // Comments and the space around marks say nothing to a browser.
  return encode(text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ").replace(/\s*([{};])\s*/g, "$1"));
}

const encode = (text: string) => new TextEncoder().encode(text);

/** Modules of the HDF5 library's filters, which its script looks for beside itself. */
function plugins(): [string, Uint8Array<ArrayBuffer>][] {
  const folder = fileURLToPath(new URL(`${base_url}/plugins/`));
  return [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".so"))
    .map(({ name }) => [`plugins/${name}`, Deno.readFileSync(`${folder}${name}`)]);
}

/** Names what the files are: equal files have equal versions. */
async function versionOf(files: AppFiles): Promise<string> {
  const digests = [];
  for (const [path, bytes] of files) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    digests.push(`${path} ${digest.toHex()}`);
  }
  const all = await crypto.subtle.digest("SHA-256", encode(digests.sort().join("\n")));
  return new Uint8Array(all).toHex().slice(0, 12);
}

/**
 * Builds the app.
 *
 * @throws Error with what the bundler says
 */
export async function buildApp(): Promise<AppFiles> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>([
    ...await scripts(),
    ["app.css", sheets()],
    ...Object.entries(SHIPPED).map(([path, from]) => [path, shipped(path, from)] as const),
    ...plugins(),
  ]);
  const { version: release } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  const sizes = Object.fromEntries(
    [...files].filter(([path]) => /^(?:model|data)\//.test(path))
      .map(([path, bytes]) => [path, bytes.length]),
  );
  const texts = [...files].filter(([path]) => path.endsWith(".js"))
    .map(([path, bytes]) => [path, new TextDecoder().decode(bytes)] as const);
  const first = firstScripts(new Map(texts), "page/main.js");
  const facts = JSON.stringify({ release, sizes, first }).replaceAll('"', "&quot;");
  const html = Deno.readTextFileSync(`${APP}/page/index.html`).replace("%FACTS%", facts);
  files.set("index.html", encode(html));
  const service = new TextDecoder().decode(
    await bundle(`${APP}/offline/service_worker.ts`, { minify: true }),
  );
  const about = JSON.stringify({ version: await versionOf(files), files: [...files.keys()] });
  files.set("service_worker.js", encode(`self.ABOUT=${about};\n${service}`));
  return files;
}
