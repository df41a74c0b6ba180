// What a build costs to load, and how much that may be.

import type { Metafile } from "esbuild";
import { OTHER_FORMATS, type Scripts } from "./scripts.ts";

/** Something that is loaded together. */
export interface Size {
  readonly what: string;
  readonly files: number;
  readonly raw: number;
  readonly gzip: number;
  /** The most that it may be, compressed; null where that is not said. */
  readonly budget: number | null;
}

/** A thousand bytes. */
const KB = 1000;

async function gzip(bytes: Uint8Array): Promise<number> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  return (await new Response(stream).arrayBuffer()).byteLength;
}

/** A script and all that it imports at once. */
function withImports(outputs: Metafile["outputs"], path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const { path: next, kind } of outputs[path]!.imports) {
    if (kind === "import-statement") withImports(outputs, next.replace(/^dist\//, ""), found);
  }
  return found;
}

/** Chunks by the module they were made of. */
function chunk(scripts: Scripts, name: string): string {
  const found = Object.keys(scripts.outputs).find((path) =>
    new RegExp(`^chunks/${name}-\\w+\\.js$`).test(path)
  );
  if (!found) throw new Error(`Cannot measure the build: there is no chunk ${name}`);
  return found;
}

/** Measures a build. */
export async function sizesOf(scripts: Scripts): Promise<Size[]> {
  const { files, outputs } = scripts;
  const size = async (what: string, paths: Iterable<string>, budget: number | null = null): Promise<Size> => {
    let [count, raw, packed] = [0, 0, 0];
    for (const path of paths) {
      const bytes = files.get(path)!;
      [count, raw, packed] = [count + 1, raw + bytes.length, packed + await gzip(bytes)];
    }
    return { what, files: count, raw, gzip: packed, budget };
  };
  const together = (...paths: string[]) => new Set(paths.flatMap((path) => [...withImports(outputs, path)]));
  const kernels = Object.keys(outputs).filter((path) => /^chunks\/(plain|relaxed)\w*-\w+\.js$/.test(path));
  const largestOf = async (what: string, some: readonly string[], budget: number) => {
    const builds = await Promise.all(some.map((path) => size(what, [path], budget)));
    return builds.reduce((most, next) => next.gzip > most.gzip ? next : most);
  };
  const isForecasts = (path: string) => path.includes("_forecast-");
  const largest = await largestOf(
    "one build of the kernels of forecasts",
    kernels.filter(isForecasts),
    60 * KB,
  );
  const training = await largestOf(
    "one build of all kernels",
    kernels.filter((path) => !isForecasts(path)),
    62 * KB,
  );
  const hdf5 = chunk(scripts, "h5wasm");
  const zarr = chunk(scripts, "zarrita");
  const codecs = ["blosc", "lz4", "zstd"].map((name) => chunk(scripts, name));
  const front = together("walrus.js");
  /** Loaded where neither The Well's reader nor that of arrays recognises what was given. */
  const others = OTHER_FORMATS.map((path) => chunk(scripts, path.replace(/^.*\/|\.ts$/g, "")));
  const onlyOthers = [...together(...others)].filter((path) =>
    !together("walrus.js", chunk(scripts, "well"), chunk(scripts, "arrays")).has(path)
  );
  const rest = Object.keys(outputs).filter((path) =>
    path.endsWith(".js") && ![hdf5, zarr, ...codecs, ...kernels, ...onlyOthers].includes(path)
  );
  const onlyTraining = new Set([...together("train.js")].filter((path) => !front.has(path)));
  const onlyScores = new Set([...together("metrics.js")].filter((path) => !front.has(path)));
  const all = await size(
    "everything else",
    rest.filter((path) => !onlyTraining.has(path) && !onlyScores.has(path)),
  );
  return [
    await size("walrus.js, front door", together("walrus.js")),
    await size(
      "a forecast from safetensors and arrays",
      together("walrus.js", chunk(scripts, "family"), chunk(scripts, "arrays")),
      100 * KB,
    ),
    largest,
    training,
    {
      what: "everything but training, scores, other formats, h5wasm",
      files: all.files + 1,
      raw: all.raw + largest.raw,
      gzip: all.gzip + largest.gzip,
      budget: 250 * KB,
    },
    await size("walrus.bundle.js, four builds of the kernels inside", ["walrus.bundle.js"], 250 * KB),
    await size("walrus.edge.js", ["walrus.edge.js"]),
    await size("walrus.edge.js with its kernels", [
      "walrus.edge.js",
      ...[...files.keys()].filter((path) => path.startsWith("kernels/")),
    ], 250 * KB),
    await size("serve.js, the endpoint", ["serve.js"], 125 * KB),
    await size("serve.edge.js", ["serve.edge.js"], 120 * KB),
    await size("training, beside the front door", onlyTraining),
    await size("scores, ensembles and physics, beside the front door", onlyScores, 30 * KB),
    await size("readers of other formats", onlyOthers, 30 * KB),
    await size("h5wasm, where HDF5 is opened", [hdf5]),
    await size("zarrita, where Zarr is opened", [zarr]),
    await largestOf("the largest of its codecs, where chunks are packed so", codecs, 250 * KB),
  ];
}

/** Lines of a table, the budgets beside. */
export function renderSizes(sizes: readonly Size[]): string[] {
  const kb = (bytes: number) => `${(bytes / KB).toFixed(1)} KB`;
  return sizes.map(({ what, files, raw, gzip, budget }) =>
    `${what.padEnd(52)} ${String(files).padStart(3)} ${files === 1 ? "file " : "files"} ${
      kb(raw).padStart(10)
    }, gzip ${kb(gzip).padStart(9)}${budget === null ? "" : ` of ${kb(budget)}`}`
  );
}

/** Those that are over their budget. */
export function overBudget(sizes: readonly Size[]): Size[] {
  return sizes.filter(({ gzip, budget }) => budget !== null && gzip > budget);
}
