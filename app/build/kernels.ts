// Where a build for other places has its kernels: in place of lib/backend/wasm/builds.ts stands a module that has
// them inside, or one that imports them as WebAssembly modules.

import { deflate } from "@gfx/zopfli";
import type { Plugin } from "esbuild";
import { unpack } from "../../lib/backend/wasm/builds.ts";
import { difference } from "./delta.ts";

const MODULES = new URL("../../lib/backend/wasm/modules/", import.meta.url);

/** A committed build for forecasts alone, as it is committed: a bundle of the front door does not train. */
async function packedBuild(name: string): Promise<string> {
  const { text } = await import(new URL(`${name}_forecast.ts`, MODULES).href) as { readonly text: string };
  return text;
}

/** Bytes of a committed build. */
export async function kernelBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return await unpack(await packedBuild(name));
}

/** Deflate and base64: what `unpack` takes. */
function pack(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    deflate(bytes, {}, (error, packed) => error ? reject(error) : resolve(packed.toBase64()));
  });
}

/** Each build and the one it is told by; null for those that stand whole. */
const SIBLINGS: readonly (readonly [string, string | null])[] = [
  ["plain", null],
  ["relaxed", "plain"],
  ["plain_threads", "plain"],
  ["relaxed_threads", "plain_threads"],
];

/** What a build of one file can not do. */
function refused(what: string, instead: string): string {
  return `throw new RangeError(${JSON.stringify(`Cannot make a WASM device: ${what}, wanted ${instead}`)})`;
}

/** Source of a module that has the builds inside, but for those of 64-bit addresses, which are as large again. */
async function inlined(): Promise<string> {
  const entries = await Promise.all(SIBLINGS.map(async ([name, base]) => {
    const text = base === null
      ? await packedBuild(name)
      : await pack(difference(await kernelBytes(base), await kernelBytes(name)));
    return `${name}: [${JSON.stringify(base)}, "${text}"]`;
  }));
  return `
import { apply } from "./delta.ts";
import { unpack } from "../../lib/backend/wasm/builds.ts";
const builds = { ${entries.join(",\n")} };
async function bytesOf(name) {
  const [base, text] = builds[name];
  const bytes = await unpack(text);
  return base ? apply(await bytesOf(base), bytes) : bytes;
}
export async function compileBuild(relaxed, threads, wide) {
  if (wide) ${refused("the bundle has no kernels for more than 4 GiB", "walrus.js or less memory")};
  return await WebAssembly.compile(await bytesOf((relaxed ? "relaxed" : "plain") + (threads ? "_threads" : "")));
}`;
}

/** Builds of a runtime that compiles nothing while it runs, none of which has threads. */
export const EDGE_KERNELS = ["plain", "relaxed"] as const;

/** Source of a module that imports them compiled; how such an import is written differs between runtimes. */
function imported(query: string): string {
  return `
${EDGE_KERNELS.map((name) => `import ${name} from "./kernels/${name}.wasm${query}";`).join("\n")}
export async function compileBuild(fast, threads, wide) {
  if (wide) ${refused("edge runtimes have 32-bit addresses", "4 GiB at most")};
  if (threads) ${refused("edge runtimes have no threads", "1")};
  return fast ? relaxed : plain;
}`;
}

/** How a build has its kernels. */
export type KernelPlace = "inlined" | "imported" | "imported as ?module";

/** Puts the kernels in their place. */
export function kernels(place: KernelPlace): Plugin {
  return {
    name: "kernels",
    setup(build) {
      build.onLoad({ filter: /\/lib\/backend\/wasm\/module\.ts$/ }, async ({ path }) => ({
        contents: (await Deno.readTextFile(path)).replace('"./builds.ts"', '"kernels:"'),
        loader: "ts",
      }));
      build.onResolve({ filter: /^kernels:$/ }, ({ path }) => ({ path, namespace: "kernels" }));
      build.onLoad({ filter: /.*/, namespace: "kernels" }, async () => ({
        contents: place === "inlined" ? await inlined() : imported(place === "imported" ? "" : "?module"),
        resolveDir: new URL(".", import.meta.url).pathname,
      }));
      build.onResolve({ filter: /\.wasm(\?module)?$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}
