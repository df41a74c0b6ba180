// What stands beside the scripts of a package: its description for npm, the licences of what it contains, and a hash of
// every file that a page may load.

import { createHash } from "node:crypto";
import { ENTRIES, SERVICE } from "./scripts.ts";

const ROOT = new URL("../../", import.meta.url);

/** Oldest runtimes that the tests run it in. */
export const LEAST = { node: "20.16.0", typescript: "5.9", webgpuTypes: "0.1.74" } as const;

/** Sub-path of an entry: `walrus` is the package itself. */
function subPath(name: string): string {
  return name === "walrus" ? "." : `./${name}`;
}

/** Where the declarations of a module lie. */
export function typesOf(module: string): string {
  return `./types/${module.replace(/\.ts$/, ".d.ts")}`;
}

/** The package as npm reads it. */
export async function packageJson(): Promise<string> {
  const { name, version, license } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const types = typesOf(ENTRIES.walrus!);
  const edge = { "edge-light": "./walrus.edge-light.js", default: "./walrus.edge.js" };
  const entries = Object.entries(ENTRIES).map(([entry, module]) => [subPath(entry), {
    types: typesOf(module),
    ...entry === "walrus" ? { "edge-light": edge["edge-light"], workerd: edge.default } : {},
    default: `./${entry}.js`,
  }]);
  const services = Object.entries(SERVICE).map(([entry, module]) => [subPath(entry), {
    types: typesOf(module),
    ...Object.fromEntries(["edge-light", "workerd"].map((condition) => [condition, `./${entry}.edge.js`])),
    default: `./${entry}.js`,
  }]);
  return JSON.stringify(
    {
      name,
      version,
      description:
        "Forecasts of physical simulations with foundation models, in JavaScript, WebAssembly and WebGPU",
      license,
      type: "module",
      // What a module does when it is loaded is done once, and before all else.
      sideEffects: true,
      exports: {
        ...Object.fromEntries([...entries, ...services]),
        "./bundle": { types, default: "./walrus.bundle.js" },
        "./edge": { types, ...edge },
        "./kernels/*.wasm": "./kernels/*.wasm",
        "./package.json": "./package.json",
      },
      types,
      engines: { node: `>=${LEAST.node}` },
      // TypeScript 6 knows WebGPU itself.
      peerDependencies: { "@webgpu/types": `>=${LEAST.webgpuTypes}` },
      peerDependenciesMeta: { "@webgpu/types": { optional: true } },
    },
    null,
    2,
  ) + "\n";
}

/** Licences of the packages that the scripts contain. */
export async function licences(): Promise<string> {
  const names = [
    "h5wasm",
    "h5wasm-plugins",
    "netcdfjs",
    "iobuffer",
    "zarrita",
    "numcodecs",
    "js-yaml",
    "valibot",
    "valibot-to-json-schema",
    "noble-hashes",
    "hono",
  ];
  const texts = await Promise.all(
    names.map((name) => Deno.readTextFile(new URL(`licences/${name}.txt`, import.meta.url))),
  );
  return names.map((name, i) => `${name}\n${"=".repeat(name.length)}\n\n${texts[i]!.trim()}\n`).join("\n\n");
}

/** Hashes of scripts and kernels in the form of an import map, whose `integrity` a page may take over. */
export function integrity(files: ReadonlyMap<string, Uint8Array>): string {
  const hashes = [...files].filter(([path]) => /\.(js|wasm)$/.test(path))
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([path, bytes]) => [`./${path}`, `sha384-${createHash("sha384").update(bytes).digest("base64")}`]);
  return JSON.stringify({ integrity: Object.fromEntries(hashes) }, null, 2) + "\n";
}
