// Bundles the finetuning page and serves it on this machine, with the shipped examples and the headers that give it
// threads.

import { base_url } from "h5wasm-plugins";
import { fileURLToPath } from "node:url";
import { bundle, ISOLATED } from "./bundle.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  yaml: "application/yaml",
};

/** Files of `examples/` that the page asks for. */
/** Plug-ins of the HDF5 library, which its script looks for beside itself. */
const PLUGIN = /^\/plugins\/(libH5Z\w+\.so)$/;
const EXAMPLE = /^\/examples\/(?:data|walrus_small)\/[\w-]+\.(?:hdf5|safetensors|yaml)$/;

function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Module of a plug-in; null where there is none of this name. */
async function readPlugin(file: string): Promise<Uint8Array<ArrayBuffer> | null> {
  return await Deno.readFile(new URL(`${base_url}/plugins/${file}`)).catch(() => null);
}

/**
 * Serves the page.
 *
 * @param port 0: any that is free
 * @param signal ends it
 */
export async function servePage(
  port: number,
  signal?: AbortSignal,
): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const scripts = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of ["page", "worker"]) {
    scripts.set(`/${name}.js`, await bundle(inRepository(`pages/finetune/${name}.ts`)));
  }
  const files = new Map([["/", "index.html"], ["/page.css", "page.css"]]);
  return Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {}, ...(signal ? { signal } : {}) },
    async ({ url }) => {
      const { pathname } = new URL(url);
      const file = files.get(pathname);
      const path = file ? `pages/finetune/${file}` : EXAMPLE.test(pathname) ? pathname.slice(1) : null;
      const plugin = PLUGIN.exec(pathname)?.[1];
      const body = scripts.get(pathname) ??
        (plugin ? await readPlugin(plugin) : path ? await Deno.readFile(inRepository(path)) : null);
      if (!body) return new Response("not found", { status: 404, headers: ISOLATED });
      const extension = (file ?? pathname).split(".").at(-1) ?? "";
      const type = TYPES[extension] ?? "application/octet-stream";
      return new Response(body, { headers: { ...ISOLATED, "content-type": type } });
    },
  );
}
