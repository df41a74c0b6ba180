// Keeps the app, the shipped network and data on the device after the first visit: later ones, and those offline, are
// answered from there. A new version is fetched beside the old one and takes over when the user says so.

/** What the build writes before this script. */
interface About {
  readonly version: string;
  readonly files: readonly string[];
}

/** The part of a service worker's scope that is used; the libraries of pages and workers do not go together. */
interface Scope {
  readonly ABOUT: About;
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(
    name: "install" | "activate",
    listener: (event: { waitUntil(work: Promise<unknown>): void }) => void,
  ): void;
  addEventListener(name: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    name: "fetch",
    listener: (event: { readonly request: Request; respondWith(response: Promise<Response>): void }) => void,
  ): void;
}

const scope = globalThis as unknown as Scope;
const { version, files } = scope.ABOUT;
const PREFIX = "walrus-";
const NAME = `${PREFIX}${version}`;

/** What is kept at once: all but what few visits need. */
const isKept = (path: string) => !/^plugins\/|hdf5_hl/.test(path);

const addressOf = (path: string) =>
  new URL(path === "index.html" ? "./" : path, scope.registration.scope).href;

/** Fetches what is not kept by an older version with the same bytes; a file that is large and unchanged is not again. */
async function install(): Promise<void> {
  const cache = await caches.open(NAME);
  for (const path of files.filter(isKept)) {
    // The browser's own cache is asked first: the visit that installs this has just loaded most of it.
    const response = await fetch(addressOf(path), {
      cache: /^(?:model|data)\//.test(path) ? "default" : "no-cache",
    });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    await cache.put(addressOf(path), response);
  }
}

async function dropOld(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
  }
  await scope.clients.claim();
}

/** Kept, else from the network; what is the app's own is kept then. */
async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const own = url.href.startsWith(scope.registration.scope);
  const cache = await caches.open(NAME);
  if (own) {
    url.search = "";
    const kept = await cache.match(url.href);
    if (kept) return kept;
  }
  const response = await fetch(request);
  const path = url.href.slice(scope.registration.scope.length);
  if (own && response.ok && response.status === 200 && files.includes(path)) {
    await cache.put(url.href, response.clone());
  }
  return response;
}

scope.addEventListener("install", (event) => event.waitUntil(install()));
scope.addEventListener("activate", (event) => event.waitUntil(dropOld()));
scope.addEventListener("message", ({ data }) => {
  if (data === "take over") void scope.skipWaiting();
});
scope.addEventListener("fetch", (event) => {
  const { method, url, headers } = event.request;
  if (method === "GET" && url.startsWith(scope.registration.scope) && !headers.has("range")) {
    event.respondWith(answer(event.request));
  }
});
