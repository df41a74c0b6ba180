// A folder served with ranges on this machine, and how it may fail.

/** What the server does wrong. */
export type Failing = "no ranges" | "short" | "dies" | "busy twice" | "busy";

/** A served folder. */
export interface ServedFolder extends AsyncDisposable {
  readonly url: string;
  readonly requests: { readonly path: string; readonly range: string | null }[];
  /** What it does wrong from now on; null: nothing. */
  failing: Failing | null;
  /** Paths that it does wrong. */
  onlyFor: RegExp;
  /** Bytes of bodies that were sent. */
  sent: number;
}

/** A body that breaks off after half of its bytes. */
function broken(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.subarray(0, bytes.length >> 1));
      setTimeout(() => controller.error(new Error("the server dies")), 5);
    },
  });
}

/** The bytes of a file from a place on; the file may have holes, and be larger than memory. */
function readRange(path: string, from: number, to: number): Uint8Array<ArrayBuffer> {
  using file = Deno.openSync(path);
  file.seekSync(from, Deno.SeekMode.Start);
  const bytes = new Uint8Array(to - from);
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (!count) break;
    done += count;
  }
  return bytes;
}

/**
 * Serves a folder.
 *
 * @param folder its path; `/plain/` stands for `/sharded.zarr/`, a store whose name tells nothing
 */
export function serveFolder(folder: string): ServedFolder {
  const requests: ServedFolder["requests"] = [];
  let busy = 0;
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {}, onError: () => new Response() },
    (request) => {
      const path = decodeURIComponent(new URL(request.url).pathname);
      const range = request.headers.get("range");
      requests.push({ path, range });
      const file = folder + path.replace(/^\/plain\//, "/sharded.zarr/");
      let size: number;
      try {
        const info = Deno.statSync(file);
        if (!info.isFile) return new Response("no", { status: 404 });
        size = info.size;
      } catch {
        return new Response("no", { status: 404 });
      }
      const failing = served.failing && served.onlyFor.test(path) ? served.failing : null;
      if (failing === "busy" || (failing === "busy twice" && busy++ % 3 < 2)) {
        return new Response("busy", { status: 503, statusText: "Service Unavailable" });
      }
      const found = failing === "no ranges" ? null : /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
      const from = found ? Number(found[1]) : 0;
      const to = found ? Math.min(Number(found[2]) + 1, size) : size;
      const headers = { "content-length": String(to - from) };
      if (!found && size > 1 << 28) {
        // As a large file would be sent: whoever reads its headers ends it.
        return new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1 << 16)) }), {
          headers,
        });
      }
      const bytes = readRange(file, from, to);
      served.sent += bytes.length;
      const status = found ? 206 : 200;
      const own = found ? { "content-range": `bytes ${from}-${to - 1}/${size}` } : {};
      if (failing === "short") {
        return new Response(bytes.slice(0, bytes.length - 1), {
          status,
          headers: own,
        });
      }
      if (failing === "dies") return new Response(broken(bytes), { status, headers: own });
      return new Response(bytes, { status, headers: own });
    },
  );
  const served: ServedFolder = {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    failing: null,
    onlyFor: /^/,
    sent: 0,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return served;
}
