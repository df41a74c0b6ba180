// npm packages as the bundler gets them: each as one module that Deno's own bundler makes, since only Deno knows where
// its cache keeps them. esbuild then takes what is used.

import type { Plugin } from "esbuild";
import { base_url } from "h5wasm-plugins";
import { fileURLToPath } from "node:url";
import { pluginFile, PLUGINS } from "../../lib/io/hdf5_plugins.ts";
import { bundle } from "../web/bundle.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What the library imports of npm; of modules that are imported as they run, what it uses, since all of one stays. */
const IMPORTED: Readonly<Record<string, string>> = {
  "h5wasm": "*",
  "h5wasm-plugins": "*",
  "js-yaml": "*",
  "valibot": "*",
  "@noble/hashes/sha2.js": "{ sha256 }",
  "@noble/hashes/legacy.js": "{ sha1 }",
};

/** Texts of what the library imports of npm, by name. */
export async function vendorTexts(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const [name, used] of Object.entries(IMPORTED)) {
    // In the repository, whose configuration says which version a name stands for.
    const entry = await Deno.makeTempFile({ dir: ROOT, prefix: ".vendor-", suffix: ".ts" });
    try {
      await Deno.writeTextFile(entry, `export ${used} from "${name}";\n`);
      const text = new TextDecoder().decode(await bundle(entry));
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

/** Resolves the packages to those texts. */
export function vendor(texts: ReadonlyMap<string, string>): Plugin {
  return {
    name: "vendor",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        if (kind === "entry-point") return;
        if (texts.has(path)) return { path, namespace: "npm", sideEffects: false };
        return { errors: [{ text: `Cannot bundle: "${path}" is none of ${[...texts.keys()].join(", ")}` }] };
      });
      build.onLoad({ filter: /.*/, namespace: "npm" }, ({ path }) => ({ contents: texts.get(path)! }));
    },
  };
}
