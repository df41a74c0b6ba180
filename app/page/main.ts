// The page command: bundles the finetuning page and serves it on this machine, with the shipped examples and the
// headers that give it threads.

import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { bundle, ISOLATED } from "./bundle.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  yaml: "application/yaml",
};

/** Files of `examples/` that the page asks for. */
const EXAMPLE = /^\/examples\/(?:data|walrus_small)\/[\w-]+\.(?:hdf5|safetensors|yaml)$/;

function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/**
 * Serves the page.
 *
 * @param port 0: any that is free
 */
export async function servePage(port: number): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const scripts = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of ["page", "worker"]) {
    scripts.set(`/${name}.js`, await bundle(inRepository(`pages/finetune/${name}.ts`)));
  }
  const files = new Map([["/", "index.html"], ["/page.css", "page.css"]]);
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async ({ url }) => {
    const { pathname } = new URL(url);
    const file = files.get(pathname);
    const path = file ? `pages/finetune/${file}` : EXAMPLE.test(pathname) ? pathname.slice(1) : null;
    const body = scripts.get(pathname) ?? (path ? await Deno.readFile(inRepository(path)) : null);
    if (!body) return new Response("not found", { status: 404, headers: ISOLATED });
    const extension = (file ?? pathname).split(".").at(-1) ?? "";
    const type = TYPES[extension] ?? "application/octet-stream";
    return new Response(body, { headers: { ...ISOLATED, "content-type": type } });
  });
}

if (import.meta.main) {
  const command = new Command("page")
    .description("Serves a page that finetunes a Walrus model in a browser tab.")
    .option("--port <number>", "port on this machine", "8000")
    .showHelpAfterError()
    .exitOverride();
  try {
    command.parse(Deno.args, { from: "user" });
    const port = Number(command.opts().port);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new RangeError(`--port is "${command.opts().port}", wanted 0 to 65535`);
    }
    const { addr } = await servePage(port);
    console.log(
      `http://127.0.0.1:${addr.port}/ finetunes the shipped model on the file you drop; Ctrl-C ends`,
    );
  } catch (error) {
    if (error instanceof CommanderError) Deno.exit(error.exitCode === 0 ? 0 : 2);
    console.error(`error: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
