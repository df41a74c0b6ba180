// Workers in workerd: modules as a bundler would give them, files in a binding.

import type { Miniflare, MiniflareOptions } from "miniflare";
import { inRepository } from "../shared.ts";
import { GRAY_SCOTT } from "../forecast/shipped.ts";
import { DIST, files } from "./subject.ts";

const FILES = ["start.json", "walrus.safetensors", "extended_config.yaml"] as const;

type Module = {
  readonly type: "ESModule" | "CompiledWasm";
  readonly path: string;
  readonly contents: string | Uint8Array;
};

/** Scripts of a worker beside those of the package. */
export function modules(scripts: Readonly<Record<string, string>>, libraries = ["walrus.edge.js"]): Module[] {
  const own = Object.entries(scripts).map(([path, contents]): Module => ({
    type: "ESModule",
    path,
    contents,
  }));
  const kernels = ["plain", "relaxed"].map((name): Module => {
    const path = `kernels/${name}.wasm`;
    return { type: "CompiledWasm", path, contents: Deno.readFileSync(`${DIST}/${path}`) };
  });
  const built = libraries.map((path): Module => ({
    type: "ESModule",
    path,
    contents: Deno.readTextFileSync(`${DIST}/${path}`),
  }));
  return [...own, ...built, ...kernels];
}

/** A script as a bundler would resolve its imports. */
export function text(path: string): string {
  return Deno.readTextFileSync(inRepository(path))
    .replace("@walrus/walrus/edge", "./walrus.edge.js")
    .replace("@walrus/walrus/serve", "./serve.edge.js");
}

/** A worker with files in a binding. */
export async function worker(
  scripts: Module[],
  binding: string,
  extra: Partial<MiniflareOptions> = {},
): Promise<Miniflare> {
  // Loaded where it is needed only: it asks for much.
  const { Miniflare } = await import("miniflare");
  const options = { modules: scripts, compatibilityDate: "2026-04-01", kvNamespaces: [binding], ...extra };
  const miniflare = new Miniflare(options as MiniflareOptions);
  await using subject = await files();
  // Its declared type names others of the platform's that are not here.
  const store = await miniflare.getKVNamespace(binding) as unknown as {
    put(name: string, value: ArrayBuffer): Promise<void>;
  };
  for (const name of FILES) await store.put(name, (await Deno.readFile(`${subject.folder}/${name}`)).buffer);
  await store.put("data.hdf5", (await Deno.readFile(GRAY_SCOTT)).buffer);
  return miniflare;
}

/** A test that leaves the runtime's process and pipes behind. */
export function test(name: string, fn: () => Promise<void>): void {
  // The runtime keeps a process and pipes of its own.
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });
}
