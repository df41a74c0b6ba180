// A Hub on this machine: the addresses and answers of the real one as far as fetching goes, a second server that it
// redirects to for large files, and faults on request. Python's huggingface_hub takes it for a Hub, too.

import { createHash } from "node:crypto";

/** A repository that is served. */
export interface ServedRepo {
  readonly kind: "model" | "dataset";
  readonly repo: string;
  /** Commit of `main`. */
  readonly commit: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Files of at least so many bytes are large: named by SHA-256 and served elsewhere. */
  readonly large?: number;
  /** Name it has now: its old one redirects. */
  readonly movedTo?: string;
  /** Who may read it: those with the token, those who also accepted its terms (no one here). */
  readonly access?: "token" | "gated";
}

/** What goes wrong; each count is used up. */
export interface Faults {
  /** Answers that break off after so many bytes. */
  cut: number[];
  /** Answers of 429 with Retry-After, in seconds. */
  busy: number[];
  /** Answers of 503. */
  down: number;
  /** Byte of every large file that is served wrong; negative: none. */
  wrongByte: number;
  /** Whether the second server ignores ranges. */
  wholeOnly: boolean;
  /** Milliseconds before each 64 KiB. */
  slow: number;
  /** Paths that lists add. */
  extraPaths: string[];
  /** Told after each 64 KiB, with all bytes that were sent. */
  onSent: (bytes: number) => void;
}

/** A Hub that is served. */
export interface ServedHub extends AsyncDisposable {
  readonly endpoint: string;
  readonly faults: Faults;
  /** Lines `host METHOD path range token`, as requests came; host is `hub` or `cdn`. */
  readonly requests: string[];
  /** Bytes of files that were sent. */
  readonly sent: () => number;
}

/** The token that opens repositories. */
export const TOKEN = "hf_test";
const CHUNK = 1 << 16;
const PAGE = 3;

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*, authorization, range",
  "access-control-expose-headers": "*",
  "cross-origin-resource-policy": "cross-origin",
};

/** SHA-256, or git's checksum of a small file. */
export function etagOf(bytes: Uint8Array, large: boolean): string {
  return large
    ? createHash("sha256").update(bytes).digest("hex")
    : createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Bytes that look random and are the same each time. */
export function patterned(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** Serves repositories until it is disposed of. */
export function serveHub(repos: readonly ServedRepo[], given: Partial<Faults> = {}): ServedHub {
  const faults: Faults = {
    cut: [],
    busy: [],
    down: 0,
    wrongByte: -1,
    wholeOnly: false,
    slow: 0,
    extraPaths: [],
    onSent: () => {},
    ...given,
  };
  const requests: string[] = [];
  const etags = new Map<Uint8Array, string>();
  let sent = 0;
  const isLarge = ({ large = 1 << 20 }: ServedRepo, bytes: Uint8Array) => bytes.length >= large;
  const etag = (repo: ServedRepo, bytes: Uint8Array) => {
    if (!etags.has(bytes)) etags.set(bytes, etagOf(bytes, isLarge(repo, bytes)));
    return etags.get(bytes)!;
  };
  const note = (host: string, { method, headers, url }: Request) => {
    const { pathname, search } = new URL(url);
    const words = [host, method, pathname + search, headers.get("range"), headers.get("authorization")];
    requests.push(words.map((word) => word ?? "-").join(" "));
  };

  /** A body in small chunks, that may break off. */
  const body = (bytes: Uint8Array, from: number, to: number): ReadableStream<Uint8Array> => {
    const cut = to - from > CHUNK ? faults.cut.shift() ?? Infinity : Infinity;
    let at = from;
    return new ReadableStream({
      async pull(controller) {
        if (faults.slow > 0) await new Promise((resolve) => setTimeout(resolve, faults.slow));
        const end = Math.min(at + CHUNK, to, from + cut);
        const chunk = bytes.slice(at, end);
        if (faults.wrongByte >= at && faults.wrongByte < end) chunk[faults.wrongByte - at]! ^= 1;
        if (chunk.length > 0) controller.enqueue(chunk);
        sent += chunk.length;
        at = end;
        faults.onSent(sent);
        if (at >= from + cut) controller.error(new Error("cut"));
        else if (at >= to) controller.close();
      },
    }, { highWaterMark: 0 });
  };

  /** A file or a range of it. */
  const send = (request: Request, bytes: Uint8Array, headers: Record<string, string>): Response => {
    const shared = { ...CORS, "accept-ranges": "bytes", ...headers };
    const size = bytes.length;
    const range = faults.wholeOnly ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
    const [from, last] = range
      ? [Number(range[1]), Math.min(size - 1, range[2] ? Number(range[2]) : size - 1)]
      : [0, size - 1];
    if (range && from >= size) {
      return new Response(null, { status: 416, headers: { ...shared, "content-range": `bytes */${size}` } });
    }
    const length = last + 1 - from;
    return new Response(request.method === "HEAD" ? null : body(bytes, from, last + 1), {
      status: range ? 206 : 200,
      headers: {
        ...shared,
        "content-length": String(length),
        ...(range ? { "content-range": `bytes ${from}-${last}/${size}` } : {}),
      },
    });
  };

  const refuse = (status: number, code: string, headers: Record<string, string> = {}) =>
    Response.json({ error: code }, { status, headers: { ...CORS, "x-error-code": code, ...headers } });

  /** Whether a request may read a repository; null: it may. */
  const refusal = (request: Request, { access }: ServedRepo): Response | null => {
    if (access === undefined) return null;
    const known = request.headers.get("authorization") === `Bearer ${TOKEN}`;
    if (!known) return refuse(401, access === "gated" ? "GatedRepo" : "RepoNotFound");
    return access === "gated" ? refuse(403, "GatedRepo") : null;
  };

  const list = (repo: ServedRepo, url: URL): Response => {
    const entries = Object.entries(repo.files).map(([path, bytes]) => {
      const oid = etagOf(bytes.length > CHUNK ? bytes.subarray(0, 9) : bytes, false);
      const lfs = { oid: etag(repo, bytes), size: bytes.length, pointerSize: 134 };
      const size = bytes.length;
      return isLarge(repo, bytes)
        ? { type: "file", path, size, oid, lfs }
        : { type: "file", path, size, oid: etag(repo, bytes) };
    });
    const extra = faults.extraPaths.map((path) => ({ type: "file", path, size: 1, oid: "0".repeat(40) }));
    const folders = [...new Set(Object.keys(repo.files).filter((path) => path.includes("/")))].map((path) => {
      return { type: "directory", path: path.replace(/\/[^/]*$/, ""), size: 0, oid: "0".repeat(40) };
    });
    const all = [...folders, ...entries, ...extra];
    const at = Number(url.searchParams.get("cursor") ?? 0);
    const next = new URL(url);
    next.searchParams.set("cursor", String(at + PAGE));
    const headers = at + PAGE < all.length ? { link: `<${next}>; rel="next"` } : {};
    return Response.json(all.slice(at, at + PAGE), { headers: { ...CORS, ...headers } });
  };

  const resolve = (request: Request, repo: ServedRepo, revision: string, path: string): Response => {
    const named = { "x-repo-commit": repo.commit };
    if (revision !== "main" && revision !== repo.commit) return refuse(404, "RevisionNotFound");
    const bytes = repo.files[path];
    if (!bytes) return refuse(404, "EntryNotFound", named);
    const tag = `"${etag(repo, bytes)}"`;
    if (!isLarge(repo, bytes)) return send(request, bytes, { ...named, etag: tag });
    const location = `${cdnUrl}/${repo.repo}/${encodeURIComponent(path)}?signature=1`;
    return new Response(null, {
      status: 302,
      headers: { ...CORS, ...named, location, "x-linked-etag": tag, "x-linked-size": String(bytes.length) },
    });
  };

  const answer = (request: Request): Response => {
    note("hub", request);
    if (request.method === "OPTIONS") return new Response(null, { headers: CORS });
    const wait = faults.busy.shift();
    if (wait !== undefined) return refuse(429, "TooManyRequests", { "retry-after": String(wait) });
    if (faults.down > 0) {
      faults.down--;
      return new Response("down", { status: 503, headers: CORS });
    }
    const url = new URL(request.url);
    const path = decodeURIComponent(url.pathname);
    const found =
      /^\/(api\/)?(?:(datasets|models)\/)?([\w.-]+\/[\w.-]+)(?:\/(revision|tree|resolve)\/([^/]+)\/?(.*))?$/
        .exec(path);
    if (!found) return refuse(404, "RepoNotFound");
    const [, api, plural = "models", id, action, revision = "main", file = ""] = found;
    const repo = repos.find((repo) => repo.repo === id && `${repo.kind}s` === plural);
    if (!repo) return refuse(401, "RepoNotFound");
    if (repo.movedTo) {
      const location = url.pathname.replace(repo.repo, repo.movedTo) + url.search;
      return new Response(null, { status: 307, headers: { ...CORS, location } });
    }
    // Of a gated repository everyone may know what there is.
    const refused = repo.access === "token" || !api ? refusal(request, repo) : null;
    if (refused) return refused;
    if (action === "resolve") return resolve(request, repo, revision, file);
    if (revision !== "main" && revision !== repo.commit) return refuse(404, "RevisionNotFound");
    if (action === "tree") return list(repo, url);
    const siblings = Object.keys(repo.files).map((rfilename) => ({ rfilename }));
    return Response.json({ id, sha: repo.commit, siblings, tags: [], private: false }, { headers: CORS });
  };

  const options = {
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    onError: () => new Response(null, { status: 500 }),
  };
  const cdn = Deno.serve(options, (request) => {
    note("cdn", request);
    if (request.method === "OPTIONS") return new Response(null, { headers: CORS });
    const [, org, name, path = ""] = new URL(request.url).pathname.split("/");
    const repo = repos.find(({ repo, movedTo }) => repo === `${org}/${name}` && !movedTo);
    const bytes = repo?.files[decodeURIComponent(path)];
    return bytes ? send(request, bytes, { etag: '"of-the-store"' }) : new Response(null, { status: 403 });
  });
  const cdnUrl = `http://127.0.0.1:${cdn.addr.port}`;
  const hub = Deno.serve(options, answer);
  return {
    endpoint: `http://127.0.0.1:${hub.addr.port}`,
    faults,
    requests,
    sent: () => sent,
    async [Symbol.asyncDispose]() {
      await Promise.all([hub.shutdown(), cdn.shutdown()]);
    },
  };
}
