// Serves the app on this machine, with the headers that give it threads.

import { type AppFiles, buildApp } from "./build.ts";
import { ISOLATED } from "./bundle.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  yaml: "application/yaml",
};

/** How the app is served. */
export interface ServeOptions {
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Whether it is cross-origin isolated, as it is unless told otherwise: then it has threads. */
  readonly isolated?: boolean;
  /** Built before; built now unless given. */
  readonly files?: AppFiles;
}

/** Type of a file by its name. */
function typeOf(path: string): string {
  return TYPES[path.split(".").at(-1) ?? ""] ?? "application/octet-stream";
}

/** A file of this name never changes: the bundler put a digest of its bytes there. */
function isDigested(path: string): boolean {
  return /-[A-Z0-9]{8}\.js$/.test(path);
}

const KEPT = { "cache-control": "max-age=31536000, immutable" };

/** What changes with a file: a browser that has it asks with this, and is not sent it again. */
async function tagOf(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return `"${new Uint8Array(await crypto.subtle.digest("SHA-256", body)).toHex().slice(0, 16)}"`;
}

/**
 * Serves the app.
 *
 * @param port 0: any that is free
 * @param options headers and files
 */
export async function serveApp(
  port: number,
  options: ServeOptions = {},
): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const { signal, isolated = true, files = await buildApp() } = options;
  const tags = new WeakMap<Uint8Array, string>();
  const common = { ...isolated ? ISOLATED : {}, "cache-control": "no-cache" };
  return Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {}, ...(signal ? { signal } : {}) },
    async ({ url, headers }) => {
      const path = new URL(url).pathname.slice(1) || "index.html";
      const body = files.get(path);
      if (!body) return new Response("not found", { status: 404, headers: common });
      const tag = tags.get(body) ?? await tagOf(body);
      tags.set(body, tag);
      const own = { ...common, ...isDigested(path) ? KEPT : {}, "content-type": typeOf(path), etag: tag };
      if (headers.get("if-none-match") === tag) return new Response(null, { status: 304, headers: own });
      return new Response(body, { headers: own });
    },
  );
}
