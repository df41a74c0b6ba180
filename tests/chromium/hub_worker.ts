// A worker that fetches from a Hub into the page's private storage, on request, and tells what is kept.

import { browserFolder } from "../../lib/io/browser_folder.ts";
import type { Folder } from "../../lib/io/folder.ts";
import { fetchFiles } from "../../lib/hub/fetch_files.ts";
import { verify } from "../../lib/hub/manage.ts";
import { parseHubName } from "../../lib/hub/name.ts";

/** What the page asks for. */
export interface HubRequest {
  readonly endpoint: string;
  readonly name: string;
  readonly token?: string;
}

/** What came of it. */
export interface HubReply {
  /** Files by path, with the SHA-256 of their bytes. */
  readonly files?: Readonly<Record<string, string>>;
  readonly right?: number;
  readonly blobs: readonly string[];
  readonly error?: string;
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<HubRequest>) => void) | null;
  postMessage(reply: HubReply): void;
};

/** SHA-256 of a kept file. */
async function sha256(cache: Folder, path: string): Promise<string> {
  const file = await cache.input(path) as File;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function answer({ endpoint, name, token }: HubRequest): Promise<HubReply> {
  const cache = await browserFolder("hub");
  const blobs = () => cache.list("models--org--name/blobs");
  try {
    const options = { endpoint, cache, ...(token ? { token } : {}) };
    const { folder, paths } = await fetchFiles(parseHubName(name), options);
    const files: Record<string, string> = {};
    for (const path of paths) files[path] = await sha256(cache, `${folder}/${path}`);
    return { files, right: (await verify(cache, parseHubName(name))).right, blobs: await blobs() };
  } catch (error) {
    return { error: (error as Error).message, blobs: await blobs() };
  }
}

scope.onmessage = ({ data }) => void answer(data).then((reply) => scope.postMessage(reply));
