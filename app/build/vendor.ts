// npm packages as the bundler gets them: each as one module that Deno's own bundler makes, since only Deno knows where
// its cache keeps them. esbuild then takes what is used.

import type { Plugin } from "esbuild";
import { fileURLToPath } from "node:url";
import { bundle } from "../page/bundle.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Texts of the packages that the library imports, by name. */
export async function vendorTexts(): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const name of ["h5wasm", "js-yaml", "valibot"]) {
    // In the repository, whose configuration says which version a name stands for.
    const entry = await Deno.makeTempFile({ dir: ROOT, prefix: ".vendor-", suffix: ".ts" });
    try {
      await Deno.writeTextFile(entry, `export * from "${name}";\n`);
      const text = new TextDecoder().decode(await bundle(entry));
      // Headings name folders of this machine.
      texts.set(name, text.replace(/^\/\/ \S+\.[mc]?[jt]s$/gm, ""));
    } finally {
      await Deno.remove(entry);
    }
  }
  return texts;
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
