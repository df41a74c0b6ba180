// How large the compute core is for a browser: language, compiler and CPU backend, as scripts that load one build of the
// kernels.

import { bundleParts } from "../app/web/bundle.ts";

const ROOT = new URL("../", import.meta.url);

/** Bytes of scripts, plain and compressed each by itself, as a server sends them. */
async function bytesOf(files: readonly string[]): Promise<{ raw: number; gzip: number }> {
  let [raw, gzip] = [0, 0];
  for (const file of files) {
    const bytes = await Deno.readFile(file);
    const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
    raw += bytes.length;
    gzip += (await new Response(packed).bytes()).length;
  }
  return { raw, gzip };
}

/** A build of the kernels: a runtime loads one of them. */
const KERNELS = /^(plain|relaxed)\w*-/;

/** Bytes of the compute core that a runtime loads: its scripts and the largest of the kernels' builds. */
export async function coreSize(): Promise<{ raw: number; gzip: number; files: number }> {
  const folder = await Deno.makeTempDir({ dir: ROOT.pathname, prefix: ".core-" });
  try {
    const names = [
      "lib/ir/tensor.ts",
      "lib/ir/trace.ts",
      "lib/compile/compile.ts",
      "lib/backend/wasm/device.ts",
    ];
    const entry = `${folder}/core.ts`;
    await Deno.writeTextFile(entry, names.map((name) => `export * from "../${name}";`).join("\n"));
    await bundleParts([entry], `${folder}/out`, { minify: true });
    const files = (await Array.fromAsync(Deno.readDir(`${folder}/out`))).map(({ name }) => name);
    const builds = files.filter((name) => KERNELS.test(name));
    if (builds.length !== 12) throw new Error(`Found ${builds.length} builds of the kernels, wanted 12`);
    const scripts = files.filter((name) => !builds.includes(name));
    const largest = (await Promise.all(builds.map((name) => bytesOf([`${folder}/out/${name}`]))))
      .reduce((most, size) => size.gzip > most.gzip ? size : most);
    const rest = await bytesOf(scripts.map((name) => `${folder}/out/${name}`));
    return { raw: rest.raw + largest.raw, gzip: rest.gzip + largest.gzip, files: scripts.length + 1 };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
