// Servers of the tests: a folder with the types that browsers insist on, to any origin, and what else a test sends.

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  json: "application/json",
  wasm: "application/wasm",
};

/** A file of a folder; null where there is none. */
async function fileOf(folder: string, pathname: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const path = decodeURIComponent(pathname);
  if (path.includes("..")) return null;
  return await Deno.readFile(`${folder}${path}`).catch(() => null);
}

/**
 * Serves a folder on this machine.
 *
 * @param folder whose files are sent to any origin
 * @param headers of every answer
 * @param pages texts by path, in place of files
 * @param onRequest told every path
 */
export function serveFolder(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
  pages: Readonly<Record<string, string>> = {},
  onRequest: (path: string) => void = () => {},
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
    const { pathname } = new URL(url);
    onRequest(pathname);
    const body = pages[pathname] ?? await fileOf(folder, pathname);
    const type = TYPES[pathname in pages ? "html" : pathname.split(".").at(-1)!] ??
      "application/octet-stream";
    const answer = { "access-control-allow-origin": "*", "content-type": type, ...headers };
    return body === null
      ? new Response("not found", { status: 404, headers: answer })
      : new Response(body, { headers: answer });
  });
}
