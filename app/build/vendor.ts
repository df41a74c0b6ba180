// npm packages as the bundler gets them: each as one module that Deno's own bundler makes, since only Deno knows where
// its cache keeps them. esbuild then takes what is used.

import type { Plugin } from "esbuild";
import { base_url } from "h5wasm-plugins";
import { fileURLToPath } from "node:url";
import { pluginFile, PLUGINS } from "../../lib/io/hdf5_plugins.ts";
import { bundle } from "../web/bundle.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Parts of a package that are scripts of their own: who reads YAML loads nothing that writes it. */
const YAML = { whole: "js-yaml", reader: "js-yaml#load", writer: "js-yaml#dump" } as const;

/** What the library imports of npm; of modules that are imported as they run, what it uses, since all of one stays. */
const IMPORTED: Readonly<Record<string, string>> = {
  "h5wasm": "*",
  "h5wasm-plugins": "*",
  [YAML.whole]: "*",
  [YAML.reader]: `{ ${
    [
      "boolYaml11Tag",
      "defineScalarTag",
      "floatYaml11Tag",
      "intYaml11Tag",
      "load",
      "mapTag",
      "mergeTag",
      "NOT_RESOLVED",
      "nullYaml11Tag",
      "Schema",
      "seqTag",
      "strTag",
      "YAMLException",
    ].join(", ")
  } }`,
  [YAML.writer]: "{ dump }",
  "netcdfjs": "{ NetCDFReader }",
  "zarrita": "{ get, isZarritaError, open, registry, root, slice }",
  "numcodecs/blosc": "{ default }",
  "numcodecs/lz4": "{ default }",
  "numcodecs/zstd": "{ default }",
  "valibot": "*",
  "@valibot/to-json-schema": "{ toJsonSchema, toJsonSchemaDefs }",
  "hono": "{ Hono }",
  "hono/cors": "{ cors }",
  "@noble/hashes/sha2.js": "{ sha256 }",
  "@noble/hashes/legacy.js": "{ sha1 }",
};

/** What a package loads when it needs it is a script of its own: most stores of Zarr need one codec, or none. */
const LOADED_LATER: Readonly<Record<string, readonly string[]>> = { zarrita: ["numcodecs/*"] };

/** Texts of what the library imports of npm, by name. */
export async function vendorTexts(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const [name, used] of Object.entries(IMPORTED)) {
    // In the repository, whose configuration says which version a name stands for.
    const entry = await Deno.makeTempFile({ dir: ROOT, prefix: ".vendor-", suffix: ".ts" });
    try {
      await Deno.writeTextFile(entry, `export ${used} from "${name.replace(/#.*/, "")}";\n`);
      const external = LOADED_LATER[name] ?? [];
      const text = new TextDecoder().decode(await bundle(entry, { external }));
      // Headings name folders of this machine.
      texts.set(name, text.replace(/^\/\/ \S+\.[mc]?[jt]s$/gm, ""));
    } finally {
      await Deno.remove(entry);
    }
  }
  return texts;
}

/** Modules of the HDF5 library's plug-ins by the names of their files. */
export async function hdf5Plugins(): Promise<[string, Uint8Array][]> {
  const names = [...PLUGINS.values()].map(pluginFile);
  return await Promise.all(
    names.map(async (name): Promise<[string, Uint8Array]> => [
      name,
      await Deno.readFile(new URL(`${base_url}/plugins/${name}`)),
    ]),
  );
}

/**
 * Resolves the packages to those texts.
 *
 * @param texts by name
 * @param hasParts whether parts of a package are scripts of their own; in one file they would be there twice
 */
export function vendor(texts: ReadonlyMap<string, string>, hasParts: boolean): Plugin {
  return {
    name: "vendor",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path: named, kind, importer }) => {
        if (kind === "entry-point") return;
        const part = importer.endsWith("/yaml_writer.ts") ? YAML.writer : YAML.reader;
        const path = named === YAML.whole && hasParts ? part : named;
        if (texts.has(path)) return { path, namespace: "npm", sideEffects: false };
        return { errors: [{ text: `Cannot bundle: "${path}" is none of ${[...texts.keys()].join(", ")}` }] };
      });
      build.onLoad({ filter: /.*/, namespace: "npm" }, ({ path }) => ({ contents: texts.get(path)! }));
    },
  };
}
