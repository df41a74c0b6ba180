// How a Hub is reached and where its files are kept. Everything is an option: commands read the environment, the
// library never does.

import { builtin } from "../io/builtin.ts";
import { diskFolder } from "../io/disk_folder.ts";
import type { Folder } from "../io/folder.ts";
import { browserFolder } from "../io/browser_folder.ts";

/** Where files come from unless an option says otherwise. */
const ENDPOINT = "https://huggingface.co";

/** What is about to be fetched. */
export interface FetchPlan {
  /** The name that was asked for. */
  readonly name: string;
  /** Paths in the repository, with their bytes. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
  /** Bytes that will come over the network: files that are kept, and parts of files, are left out. */
  readonly bytes: number;
}

/** How far a fetch is. */
export interface FetchProgress {
  /** Path in the repository. */
  readonly path: string;
  /** Bytes that are there. */
  readonly done: number;
  /** Bytes of the file. */
  readonly size: number;
}

/** How a Hub is reached and where its files are kept. */
export interface HubOptions {
  /**
   * Where files are kept, in the layout of Python's huggingface_hub: a path, or a folder of any kind. Left out:
   * `.cache/huggingface/hub` in the user's home, in a page its private storage.
   */
  readonly cache?: string | Folder;
  /** Where the Hub is; `https://huggingface.co` unless given. */
  readonly endpoint?: string;
  /** Proves who asks. Sent to the endpoint alone, never to a host that it redirects to. */
  readonly token?: string;
  /** Nothing is requested: what is not kept is not there. */
  readonly offline?: boolean;
  /** Requests at the same time for one file; 4 unless given. */
  readonly connections?: number;
  /** Tries in a row that may fail before a request does; 5 unless given. */
  readonly attempts?: number;
  /** Bytes from which data are read by ranges and not kept; 1 GiB unless given. */
  readonly largest?: number;
  /** Asked before anything is fetched; `false` refuses. */
  readonly admit?: (plan: FetchPlan) => boolean | void | Promise<boolean | void>;
  /** Told how far each file is. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Told what a user should know: the Hub was not reached and kept files are used, an attempt failed. */
  readonly onNote?: (text: string) => void;
  /** Ends requests; what was fetched so far stays and is not fetched again. */
  readonly signal?: AbortSignal;
  /** Instead of the global one. */
  readonly fetch?: typeof fetch;
}

/**
 * Where the Hub is, without a slash at the end.
 *
 * @throws RangeError for text that is no http or https URL
 */
export function endpointOf({ endpoint = ENDPOINT }: HubOptions): string {
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw new RangeError(`The Hub's endpoint is "${endpoint}", wanted an http or https URL`);
  }
  return endpoint.replace(/\/+$/, "");
}

/** Requests at the same time. */
export function connectionsOf({ connections = 4 }: HubOptions): number {
  return Math.max(1, connections);
}

/** Tries in a row that may fail. */
export function attemptsOf({ attempts = 5 }: HubOptions): number {
  return Math.max(1, attempts);
}

/**
 * The folder that files are kept in.
 *
 * @throws TypeError where nothing can be kept
 */
export async function cacheOf({ cache }: HubOptions): Promise<Folder> {
  if (typeof cache === "object") return cache;
  if (cache !== undefined) return diskFolder(cache);
  const system = builtin<{ homedir(): string }>("os");
  return system ? diskFolder(`${system.homedir()}/.cache/huggingface/hub`) : await browserFolder("hub");
}
