// The scripts of a build, by esbuild: entries that share chunks, one file with the kernels inside, and one for edge
// runtimes. Engines from 2024 on run them; what those lack of the language comes with them (polyfill.ts).

import { build, type BuildOptions, type Metafile, type Plugin, stop } from "esbuild";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { EDGE_KERNELS, kernelBytes, kernels } from "./kernels.ts";
import { hdf5Plugins, vendor, vendorTexts } from "./vendor.ts";
import { ownWorker, workers } from "./workers.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Entries of the package: script and module. */
export const ENTRIES: Readonly<Record<string, string>> = {
  walrus: "mod.ts",
  ir: "lib/public/ir.ts",
  nn: "lib/public/nn.ts",
  train: "lib/public/train.ts",
  data: "lib/public/data.ts",
  io: "lib/public/io.ts",
  models: "lib/public/models.ts",
  "models/walrus": "lib/models/walrus/mod.ts",
  metrics: "lib/public/metrics.ts",
  devices: "lib/public/devices.ts",
  worker: "lib/worker/main.ts",
};

/**
 * The endpoint, which is a file of its own: the scripts of forecasts are what they would be without it. It has copies of
 * the readers of windows; the HDF5 library is the one of the others.
 */
export const SERVICE: Readonly<Record<string, string>> = { serve: "lib/public/serve.ts" };

/** Files of a build by path, and what the bundler says of them. */
export interface Scripts {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Of the entries that share chunks; their outputs by path. */
  readonly outputs: Metafile["outputs"];
}

/** What is asked of every engine: the syntax of 2022. Later syntax is rewritten. */
export const TARGET = "es2022";

const OPTIONS = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: TARGET,
  minify: true,
  metafile: true,
  write: false,
  sourcemap: "linked",
  legalComments: "none",
  inject: [fileURLToPath(new URL("polyfill.ts", import.meta.url))],
  absWorkingDir: ROOT,
  // Paths in it are this folder's.
  outdir: `${ROOT}dist`,
  logLevel: "silent",
} satisfies BuildOptions;

/** Packages of WebAssembly that is compiled from bytes, and what is read through them. */
const COMPILED: Readonly<Record<string, string>> = {
  h5wasm: "HDF5",
  "h5wasm-plugins": "HDF5",
  zarrita: "Zarr",
};

/** What is said where they are absent. */
function inWorkers(name: string): string {
  return `Cannot read or write ${
    COMPILED[name]
  } here: edge runtimes compile no WebAssembly from bytes, wanted ` +
    ".npz, .npy, .safetensors or arrays";
}

/** Readers that are loaded when neither The Well's nor that of arrays recognises what was given. */
export const OTHER_FORMATS = ["pdebench", "pdearena", "bubbleml", "pdegym", "netcdf", "flowbench", "zarr"]
  .map((name) => `lib/data/formats/${name}.ts`);

/** Entries, and what is loaded when it is needed. */
const PARTS = [
  ...Object.values(ENTRIES),
  "lib/models/walrus/family.ts",
  "lib/models/walrus/create.ts",
  "lib/models/walrus/write_config.ts",
  "lib/data/formats/arrays.ts",
  "lib/data/formats/well.ts",
  "lib/data/formats/others.ts",
  ...OTHER_FORMATS,
  "lib/backend/webgpu/device.ts",
  "lib/io/file_store.ts",
  "lib/io/http_store.ts",
  "lib/io/http_retry.ts",
  "lib/io/zarr_marks.ts",
  "lib/io/torch.ts",
  "lib/io/torch_legacy.ts",
  "lib/io/distributed.ts",
  "lib/forecast/claim_wrapped.ts",
  "lib/hub/data.ts",
  "lib/hub/fetch_files.ts",
  "lib/hub/model.ts",
  "lib/worker/remote_data.ts",
  "lib/worker/remote_model.ts",
  "lib/worker/worker_handle.ts",
];

/** Small modules that nearly every forecast needs: one script of many is smaller, compressed, than many scripts. */
const SHARED = [
  "lib/data/boundaries.ts",
  "lib/data/make_dataset.ts",
  "lib/data/make_split.ts",
  "lib/data/make_trajectory.ts",
  "lib/data/masks.ts",
  "lib/data/near_names.ts",
  "lib/data/reader.ts",
  "lib/data/statistics.ts",
  "lib/io/npz.ts",
  "lib/io/zip.ts",
  "lib/models/check_shapes.ts",
  "lib/models/walrus/strides.ts",
  "lib/data/symmetry.ts",
  "lib/data/transform_sample.ts",
  "lib/io/yaml_references.ts",
  "lib/nn/activation.ts",
  "lib/nn/bias.ts",
  "lib/nn/conv.ts",
  "lib/nn/linear.ts",
  "lib/nn/norm.ts",
  "lib/nn/rope.ts",
];

/**
 * Has every part import the front door, which is loaded by then in nearly every program: what several parts share is
 * then one script of it, not one for each group of parts that share something, thirty in all.
 */
const oneCore: Plugin = {
  name: "one core",
  setup(build) {
    const parts = new Set(PARTS.map((path) => ROOT + path));
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!parts.has(path)) return;
      const contents = await Deno.readTextFile(path);
      const up = posix.relative(posix.dirname(path), ROOT);
      const also = path === `${ROOT}mod.ts` ? SHARED.map((module) => `./${module}`) : [`${up}/mod.ts`];
      return {
        contents: [contents, ...also.map((module) => `import "${module}";`)].join("\n"),
        loader: "ts",
      };
    });
  },
};

/** Where the libraries of HDF5 and Zarr are in builds of one file: in chunks of the entries, or nowhere. */
function compiled(chunkOf: ((name: string) => string) | null): Plugin {
  return {
    name: "compiled",
    setup(build) {
      build.onResolve(
        { filter: /^(?:h5wasm(?:-plugins)?|zarrita)$/ },
        ({ path }) =>
          chunkOf === null
            ? { path, namespace: "absent", sideEffects: false }
            : { path: `./${chunkOf(path)}`, external: true },
      );
      build.onLoad({ filter: /.*/, namespace: "absent" }, ({ path }) => ({
        contents: `throw new TypeError(${
          JSON.stringify(inWorkers(path))
        });\nexport let ready, File, base_url;`,
      }));
    },
  };
}

/** Readers of other formats, and folders of files, which those alone read. */
const WITHOUT_OTHERS: Readonly<Record<string, string>> = {
  "data/formats/others": "export const OTHERS = [];",
  "io/file_store": "export const diskStore = () => null;",
  "io/http_store": "export const httpStore = () => null;",
  "io/zarr_marks": "export const isZarr = () => Promise.resolve(false);",
};

/** The Well's reader besides: edge runtimes have no HDF5. */
const WITHOUT_FILES: Readonly<Record<string, string>> = {
  ...WITHOUT_OTHERS,
  "data/formats/well": `const refuse = async () => { throw new TypeError(${
    JSON.stringify(inWorkers("h5wasm"))
  }); };
export const wellReader = { format: "well", recognise: refuse, open: refuse };`,
};

/** Leaves out what a build could not use. */
function without(modules: Readonly<Record<string, string>>): Plugin {
  return {
    name: "without",
    setup(build) {
      const names = Object.keys(modules).join("|");
      build.onLoad({ filter: new RegExp(`/lib/(?:${names})\\.ts$`) }, ({ path }) => ({
        contents: modules[path.slice(`${ROOT}lib/`.length, -3)]!,
        loader: "ts",
      }));
    },
  };
}

/** One file of the front door. */
async function single(
  name: string,
  plugins: Plugin[],
  contents = `export * from "./mod.ts";`,
): Promise<[string, Uint8Array][]> {
  const stdin = { contents, resolveDir: ROOT, sourcefile: `${name}.ts`, loader: "ts" } as const;
  const { outputFiles } = await build({ ...OPTIONS, stdin, entryNames: name, plugins });
  return outputFiles.map(({ path, contents }) => [relative(path), contents]);
}

/** How chunks name the script of workers. */
const WORKER_SCRIPT = "../worker.js";

/** @throws Error where a script that is no chunk starts workers: their script is one folder up from chunks alone */
function checkWorkers(files: ReadonlyMap<string, Uint8Array>): void {
  const text = new TextDecoder();
  const starting = [...files].filter(([path, bytes]) =>
    path.endsWith(".js") && text.decode(bytes).includes(`"${WORKER_SCRIPT}"`)
  );
  const [stray] = starting.filter(([path]) => !path.startsWith("chunks/"));
  if (starting.length === 0 || stray) {
    throw new Error(`Cannot build: ${stray?.[0] ?? "no script"} starts workers, wanted a chunk`);
  }
}

function relative(path: string): string {
  return path.slice(OPTIONS.outdir.length + 1);
}

/** Builds all scripts. @throws Error with what the bundler says */
export async function buildScripts(): Promise<Scripts> {
  try {
    const texts = await vendorTexts();
    const { outputFiles, metafile } = await build({
      ...OPTIONS,
      entryPoints: { ...ENTRIES },
      splitting: true,
      chunkNames: "chunks/[name]-[hash]",
      plugins: [oneCore, workers(WORKER_SCRIPT), vendor(texts, true)],
    });
    const outputs = Object.fromEntries(
      Object.entries(metafile.outputs).map(([path, output]) => [path.replace(/^dist\//, ""), output]),
    );
    const chunkOf = (name: string) => {
      const found = Object.keys(outputs).find((path) => new RegExp(`^chunks/${name}-\\w+\\.js$`).test(path));
      if (!found) throw new Error(`Cannot build: ${name} has no chunk of its own`);
      return found;
    };
    const files = new Map<string, Uint8Array>(
      outputFiles.map(({ path, contents }) => [relative(path), contents]),
    );
    checkWorkers(files);
    const own = ownWorker("walrus.bundle");
    const add = (made: readonly [string, Uint8Array][]) =>
      made.forEach(([path, bytes]) => files.set(path, bytes));
    const bundled = [kernels("inlined"), own.plugin, compiled(chunkOf), vendor(texts, false)];
    add(await single("walrus.bundle", bundled, own.contents));
    const edge = [without(WITHOUT_FILES), workers(null), compiled(null), vendor(texts, false)];
    add(await single("walrus.edge", [kernels("imported"), ...edge]));
    add(await single("walrus.edge-light", [kernels("imported as ?module"), ...edge]));
    for (const [name, module] of Object.entries(SERVICE)) {
      const contents = `export * from "./${module}";`;
      // Windows come as The Well's files or as arrays.
      const whole = [without(WITHOUT_OTHERS), workers(null), compiled(chunkOf), vendor(texts, false)];
      add(await single(name, whole, contents));
      add(await single(`${name}.edge`, edge, contents));
    }
    // The chunk of the plug-ins looks for them beside itself.
    add((await hdf5Plugins()).map(([name, bytes]) => [`chunks/plugins/${name}`, bytes]));
    for (const name of EDGE_KERNELS) files.set(`kernels/${name}.wasm`, await kernelBytes(name));
    return { files, outputs };
  } finally {
    await stop();
  }
}
